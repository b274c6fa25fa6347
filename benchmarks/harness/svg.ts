/** What all plots have: SVG that a page in light or in dark can show. */

/** Of lines and bars, in light and in dark. */
const colours = [
  ['#0969da', '#58a6ff'],
  ['#cf222e', '#ff7b72'],
  ['#1a7f37', '#3fb950'],
  ['#bf8700', '#d29922'],
  ['#8250df', '#bc8cff'],
  ['#57606a', '#8b949e'],
  ['#bf3989', '#f778ba'],
  ['#116329', '#7ee787'],
] as const;

/** The document's first lines; `</svg>` ends it. */
export function frameOf(width: number, height: number, title: string, description: string): string[] {
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img" aria-labelledby="title description" font-family="system-ui, -apple-system, 'Segoe UI', 'Liberation Sans', sans-serif">`,
    `  <title id="title">${escaped(title)}</title>`,
    `  <desc id="description">${escaped(description)}</desc>`,
    `  <text class="head" x="${width / 2}" y="20">${escaped(title)}</text>`,
  ];
}

/** The classes that texts and shapes have; `line0` and `fill0` on are of the first `count` colours. */
export function style(count: number): string {
  const shapes = (dark: 0 | 1): string =>
    Array.from({ length: count }, (_, index) => {
      const colour = (colours[index % colours.length] ?? colours[0])[dark];
      return `.line${index} { stroke: ${colour} } .fill${index} { fill: ${colour} }`;
    }).join(' ');
  return [
    '  <style>',
    '    text { fill: #1f2328; font-size: 14px; text-anchor: middle } .head { font-weight: 600 }',
    '    .small { font-size: 12px; fill: #57606a } .y { text-anchor: end } .name { text-anchor: start }',
    '    .grid { stroke: #d0d7de; fill: none } .line { fill: none; stroke-width: 2 } .dashed { stroke-dasharray: 6 4 }',
    '    .spread { stroke: #1f2328; fill: none }',
    `    ${shapes(0)}`,
    '    @media (prefers-color-scheme: dark) {',
    '      text { fill: #e6edf3 } .small { fill: #9da7b3 } .grid { stroke: #30363d } .spread { stroke: #e6edf3 }',
    `      ${shapes(1)}`,
    '    }',
    '  </style>',
  ].join('\n');
}

/** A place as it is written in a path. */
export function at(place: number): string {
  return String(Number(place.toFixed(1)));
}

export function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('"', '&quot;');
}
