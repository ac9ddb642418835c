/** A plugin of markdown-it. Empty cells of a table's head are not headers, which would have no name. */
export function emptyCorners(markdown) {
  markdown.core.ruler.push('empty-corners', ({ tokens }) => {
    for (const [i, token] of tokens.entries()) {
      if (token.type !== 'th_open' || tokens[i + 1].content !== '') continue;
      token.tag = 'td';
      tokens[i + 2].tag = 'td';
    }
  });
}
