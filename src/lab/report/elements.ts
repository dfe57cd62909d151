/** HTML as text. All text from outside goes through `escaped`. */

const ENTITIES: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' }

/** Text that is safe between tags and in quoted attributes. */
export const escaped = (text: string): string => text.replace(/[&<>"']/g, character => ENTITIES[character]!)

/** A table; cells are text. In `kind` "numbers" all but the first column are numbers. */
export function table(
  kind: 'numbers' | 'pairs' | 'list',
  head: readonly string[],
  rows: readonly (readonly string[])[],
): string {
  const cells = (row: readonly string[], tag: string) => row.map(cell => `<${tag}>${escaped(cell)}</${tag}>`).join('')
  const line = ([first = '', ...rest]: readonly string[]) =>
    `<tr><th scope="row">${escaped(first)}</th>${cells(rest, 'td')}</tr>`
  const top = head.length > 0 ? `<thead><tr>${cells(head, 'th')}</tr></thead>` : ''
  return `<table class="${kind}">${top}<tbody>${rows.map(line).join('')}</tbody></table>`
}

/** A part with a title; nothing without content. */
export const part = (title: string, content: string): string =>
  content === '' ? '' : `<div class="part"><h3>${escaped(title)}</h3>${content}</div>`
