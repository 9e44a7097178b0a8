import { type DefaultTreeAdapterMap, defaultTreeAdapter, parseFragment, serialize, type TreeAdapter } from 'parse5'
import { TooMuch } from './too-much.ts'

/**
 * HTML as a browser would write it after parsing: each element where the standard puts it, each one closed. Throws
 * `TooMuch` beyond `maxElements`: unclosed formatting is repeated in each block that follows, so they may be many more
 * than were sent.
 */
export function asParsedByBrowsers(html: string, maxElements: number): string {
  const fragment = parseFragment(html, { treeAdapter: counting(maxElements) })
  return (
    serialize(fragment)
      // The parser drops the line break that a `pre` begins with.
      .replace(/(<pre(?: [^<>]*)?>)\n/g, '$1\n\n')
  )
}

function counting(maxElements: number): TreeAdapter<DefaultTreeAdapterMap> {
  let elements = 0
  return {
    ...defaultTreeAdapter,
    createElement: (...about) => {
      if (++elements > maxElements) throw new TooMuch()
      return defaultTreeAdapter.createElement(...about)
    },
  }
}
