import { html, Markup } from './charts.ts';

/** The parts of a page. */
export interface HtmlParts {
  readonly title: string;
  /** The sentence below the title. */
  readonly header: string | Markup;
  readonly body: Markup;
  readonly footer: string;
  /** Styles in addition to those of every page. */
  readonly style?: string;
  /** Whether the page contains images. */
  readonly images?: boolean;
}

/**
 * Renders a self-contained page. It has no scripts, needs no network, and adapts to light and dark
 * mode and all screen widths.
 */
export function htmlDocument({ title, header, body, footer, style = '', images = false }: HtmlParts): string {
  return html`<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="generator" content="recordpipe">
<meta name="viewport" content="width=device-width,initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; ${images ? 'img-src data:; ' : ''}style-src 'unsafe-inline'">
<title>${title}</title>
<style>${new Markup(STYLE + style)}
</style>
</head>
<body>
<main>
<header><h1>${title}</h1><p>${header}</p></header>
${body}
<footer>${footer}</footer>
</main>
</body>
</html>
`.text;
}

/**
 * Styles for light and dark mode, narrow and wide screens, and print. Data has a single color; red
 * is used only for problems.
 */
const STYLE = `
:root{color-scheme:light dark;--page:#f6f7f9;--card:#fff;--text:#1b2129;--muted:#566070;--line:#dde1e7;--track:#e9ecf1;--data:#24718f;--bad:#b3261e;--badback:#fdeceb}
@media(prefers-color-scheme:dark){:root{--page:#0f1318;--card:#171c23;--text:#e7ebf0;--muted:#a0abb9;--line:#2b333e;--track:#262e38;--data:#5cb3d1;--bad:#ff9c92;--badback:#36191a}}
*{box-sizing:border-box}
body{margin:0;background:var(--page);color:var(--text);font:15px/1.5 system-ui,-apple-system,"Segoe UI",Roboto,sans-serif;-webkit-text-size-adjust:100%}
main{max-width:1080px;margin:0 auto;padding:28px 20px 40px}
header{margin-bottom:20px}
h1{font-size:24px;line-height:1.25;margin:0;overflow-wrap:anywhere}
h2{font-size:17px;margin:0 0 4px}
h3{font-size:14px;margin:0 0 8px;overflow-wrap:anywhere}
p{margin:0}
.muted,header p,figcaption,.axis,.note{color:var(--muted)}
.note{font-size:13px;margin:0 0 14px;max-width:76ch}
section{background:var(--card);border:1px solid var(--line);border-radius:10px;padding:18px 20px;margin:14px 0}
.tiles{display:grid;grid-template-columns:repeat(auto-fit,minmax(140px,1fr));gap:12px;margin:0}
.tiles div{background:var(--card);border:1px solid var(--line);border-radius:10px;padding:12px 16px}
.tiles dt{color:var(--muted);font-size:13px}
.tiles dd{margin:0;font-size:22px;line-height:1.3;font-weight:600;font-variant-numeric:tabular-nums}
.tiles small{display:block;color:var(--muted);font-size:13px;font-weight:400}
.tiles .wrong{border-color:var(--bad);background:var(--badback)}
.tiles .wrong dd,.bad{color:var(--bad)}
section.wrong{border-color:var(--bad)}
svg{display:block;width:100%}
svg .fill{fill:var(--data)}
svg .fill.bad{fill:var(--bad)}
svg .track{fill:var(--track)}
svg .hit{fill:transparent}
svg g:hover .hit{fill:var(--track)}
.bar{height:10px;border-radius:3px;overflow:hidden}
.histogram.large .columns{height:150px}
.histogram.small .columns{height:36px}
.columns{border-bottom:1px solid var(--muted)}
.axis{display:flex;font-size:12px;height:18px}
.histogram.small .axis{font-size:11px;height:15px}
.axis span{flex:1 1 0;min-width:0;position:relative}
.axis i{font-style:normal;position:absolute;left:0;white-space:nowrap}
.rows{display:grid;grid-template-columns:minmax(0,max-content) minmax(80px,1fr) max-content;gap:5px 14px;align-items:center;margin:0}
.rows>*{min-width:0}
.rows dt{overflow:hidden;text-overflow:ellipsis;white-space:nowrap;max-width:34ch}
.rows dd{margin:0}
.rows .number{text-align:right;font-variant-numeric:tabular-nums;font-size:13px;color:var(--muted);white-space:nowrap}
code,.rows dt.name{font-family:ui-monospace,SFMono-Regular,Menlo,Consolas,monospace;font-size:13px}
.scroll{overflow-x:auto}
table{border-collapse:collapse;width:100%}
th,td{text-align:left;vertical-align:top;padding:9px 16px 9px 0;border-top:1px solid var(--line)}
thead th{font-size:12px;font-weight:600;color:var(--muted);border-top:0;padding-top:0;padding-bottom:6px;white-space:nowrap}
tbody th{font-weight:600;min-width:13ch;max-width:30ch;overflow-wrap:anywhere}
td.lists{width:128px}
tbody th code{font-weight:600}
td .bar{margin-top:5px;width:88px}
td.shape{width:230px;padding-right:0}
.type{display:inline-block;border:1px solid var(--line);border-radius:5px;padding:0 6px;font-size:12px;color:var(--muted)}
.type.wrong{border-color:var(--bad);color:var(--bad)}
.number{font-variant-numeric:tabular-nums;white-space:nowrap}
.labels{display:grid;grid-template-columns:repeat(auto-fill,minmax(min(100%,420px),1fr));gap:26px 36px}
.images{display:grid;grid-template-columns:repeat(auto-fill,minmax(124px,1fr));gap:16px;margin:0;padding:0;list-style:none}
.images figure{margin:0}
.images .frame{display:flex;align-items:center;justify-content:center;height:124px;background:var(--track);border-radius:8px;overflow:hidden}
.images img{max-width:100%;max-height:100%;min-width:48%;object-fit:contain}
figcaption{font-size:12px;line-height:1.4;margin-top:5px;overflow-wrap:anywhere}
figcaption b,figcaption span{display:block;overflow:hidden;text-overflow:ellipsis;white-space:nowrap}
figcaption b{color:var(--text)}
footer{color:var(--muted);font-size:13px;margin-top:20px}
@media(max-width:720px){
main{padding:18px 12px 28px}section{padding:14px}
.tiles{grid-template-columns:repeat(2,1fr)}
.features table,.features tbody,.features tr,.features th,.features td{display:block;width:auto;padding:0;border:0}
.features thead{display:none}
.features tr{border-top:1px solid var(--line);padding:12px 0}
.features td{margin-top:4px}
.features td[data-label]::before{content:attr(data-label) ": ";color:var(--muted)}
.features td .bar{width:100%}
.rows{grid-template-columns:minmax(0,38%) minmax(60px,1fr) max-content;gap:5px 10px}
.features td.shape,.features td.lists{width:auto}.features tbody th{max-width:none}
}
@media print{
:root{--page:#fff;--card:#fff;--text:#000;--muted:#444;--line:#ccc;--track:#eee;--data:#24718f;--bad:#b3261e;--badback:#fff}
body{font-size:11px;print-color-adjust:exact;-webkit-print-color-adjust:exact}main{max-width:none;padding:0}
section{border:0;padding:6px 0}tr,figure,.tiles div,.labels>div{break-inside:avoid}h2,h3{break-after:avoid}.scroll{overflow:visible}
}`;
