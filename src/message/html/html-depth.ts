/**
 * Whether elements nest deeper than `maxDepth`, told in linear time. Parsers that keep their open elements in an array
 * need quadratic time on deep nesting, so this is asked before them.
 *
 * An end tag closes down to the nearest open element of its name, and nothing where there is none, as in a browser.
 */
export function nestsDeeperThan(html: string, maxDepth: number): boolean {
  const open: string[] = []
  const count = new Map<string, number>()
  for (const [, slash, name = ''] of html.matchAll(TAG)) {
    const tag = name.toLowerCase()
    if (UNCOUNTED.has(tag)) continue
    if (slash === '/') closeDownTo(tag, open, count)
    else {
      open.push(tag)
      count.set(tag, (count.get(tag) ?? 0) + 1)
      if (open.length > maxDepth) return true
    }
  }
  return false
}

const TAG = /<(\/?)([a-z][^\s/>]{0,30})/gi

/** Those that hold nothing, and those that the next one of their kind closes by itself: unclosed runs do not nest. */
const UNCOUNTED = new Set(
  (
    'area base br col embed hr img input link meta param source track wbr ' +
    'p li dt dd option optgroup tr td th thead tbody tfoot rt rp'
  ).split(' '),
)

function closeDownTo(tag: string, open: string[], count: Map<string, number>): void {
  if (!count.get(tag)) return
  for (let closed = open.pop(); closed !== undefined; closed = open.pop()) {
    count.set(closed, (count.get(closed) ?? 1) - 1)
    if (closed === tag) return
  }
}
