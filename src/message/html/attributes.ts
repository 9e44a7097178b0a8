import { decodeHTMLAttribute } from 'entities'

const NAMES = ['style', 'class', 'start', 'value', 'alt', 'type'] as const

type Name = (typeof NAMES)[number]

const PATTERNS = new Map<Name, RegExp>(
  NAMES.map((name) => [
    name,
    new RegExp(`(?:^|[\\s"'/])${name}\\s{0,9}=\\s{0,9}(?:"([^"]*)"|'([^']*)'|([^\\s>]+))`, 'i'),
  ]),
)

/** Beyond this a tag's attributes are not read: honest ones that matter to text stand earlier. */
const MAX_CHARS = 2000

/** An attribute's value out of the source of a tag, after its name; empty where there is none. */
export function attribute(source: string, name: Name): string {
  if (source.length < name.length + 1) return ''
  const [, double, single, bare] = PATTERNS.get(name)?.exec(source.slice(0, MAX_CHARS)) ?? []
  const value = double ?? single ?? bare ?? ''
  return value.includes('&') ? decodeHTMLAttribute(value) : value
}
