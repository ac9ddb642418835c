/** Text whose paragraphs fit the width; what is indented (lists, examples) stays as it is. */
export function fill(text: string, width: number): string {
  return text.replace(/^\S.*(?:\n\S.*)*/gm, (paragraph) =>
    paragraph.split('\n').some((line) => line.length > width) ? filled(paragraph, width) : paragraph,
  );
}

function filled(paragraph: string, width: number): string {
  const lines = [''];
  for (const word of paragraph.split(/\s+/)) {
    const line = lines.at(-1)!;
    if (line === '') lines[lines.length - 1] = word;
    else if (line.length + 1 + word.length <= width) lines[lines.length - 1] = `${line} ${word}`;
    else lines.push(word);
  }
  return lines.join('\n');
}
