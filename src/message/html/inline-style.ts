/**
 * What may stay of a style attribute: fonts, colours, borders and sizes. Nothing with a `url()`, nothing that takes an
 * element out of its place or over the page around it. Each value is one of a few shapes, so that no parser of CSS can
 * read anything else into it; what is not known is left out.
 */
export function safeStyle(style: string): string {
  const kept = style
    .slice(0, MAX_STYLE_CHARS)
    .split(';')
    .flatMap((declaration) => safeDeclaration(declaration))
  return kept.join(';')
}

const MAX_STYLE_CHARS = 8192
const MAX_VALUE_CHARS = 300

function safeDeclaration(declaration: string): string[] {
  const colon = declaration.indexOf(':')
  const property = declaration.slice(0, colon).trim().toLowerCase()
  const written = declaration.slice(colon + 1).trim()
  if (colon < 0 || written.length > MAX_VALUE_CHARS) return []
  const value = written
    .replace(/!\s{0,9}important$/i, '')
    .trim()
    .replace(/\s+/g, ' ')
    .replace(/ ?, ?/g, ',')
  if (value === '') return []
  if (property === 'background') return backgroundColour(value)
  return SHAPES.get(property)?.test(value) ? [`${property}:${value}`] : []
}

/** Of the shorthand the colour alone: the rest tells where an image comes from and where it goes. */
function backgroundColour(value: string): string[] {
  const colour = COLOUR.test(value) ? value : value.split(' ').find((word) => word.startsWith('#') && COLOUR.test(word))
  return colour === undefined || colour === 'none' ? [] : [`background-color:${colour}`]
}

const COLOUR = /^(?:#[0-9a-f]{3,8}|[a-z]{3,20}|(?:rgb|hsl)a?\([\d ,.%/]{1,40}\))$/i
const WORDS = /^[a-z-]{1,20}(?: [a-z-]{1,20}){0,2}$/i
const NUMBER = String.raw`\d{0,4}(?:\.\d{1,6})?`
const LENGTH = `${NUMBER}(?:px|pt|em|rem|ex|ch|cm|mm|in|pc|%)?`
const SIZE = new RegExp(`^(?:auto|[a-z-]{3,12}|${LENGTH})$`, 'i')
const SIZES = new RegExp(`^(?:auto|${LENGTH})(?: (?:auto|${LENGTH})){0,3}$`, 'i')
const BORDER = new RegExp(
  String.raw`^(?:(?:${LENGTH}|[a-z-]{1,20}|#[0-9a-f]{3,8}|rgba?\([\d ,.%]{1,40}\))(?: |$)){1,4}$`,
  'i',
)
const FAMILY = String.raw`(?:'[\p{L}\p{N} ._-]{1,60}'|"[\p{L}\p{N} ._-]{1,60}"|[\p{L}\p{N}._-][\p{L}\p{N} ._-]{0,60})`
const FAMILIES = new RegExp(`^${FAMILY}(?:,${FAMILY}){0,20}$`, 'u')
const FONT = /^[a-z0-9 ,.%/-]{1,100}$/i
const DISPLAY = /^(?:none|block|inline|inline-block|list-item|table|table-row|table-cell|inline-table)$/i

const SIDES = ['top', 'right', 'bottom', 'left']
const sided = (name: string, shape: RegExp, suffix = ''): [string, RegExp][] => [
  [`${name}${suffix}`, shape],
  ...SIDES.map((side): [string, RegExp] => [`${name}-${side}${suffix}`, shape]),
]
const each = (list: string, shape: RegExp): [string, RegExp][] => list.split(' ').map((name) => [name, shape])

const SHAPES = new Map<string, RegExp>([
  ...each('color background-color', COLOUR),
  ...each('width height max-width min-width font-size line-height letter-spacing text-indent', SIZE),
  ...each('text-align vertical-align text-decoration text-decoration-line text-transform font-style', WORDS),
  ...each('font-variant white-space word-break word-wrap overflow-wrap direction border-collapse', WORDS),
  ...each('list-style-type list-style-position table-layout clear float', WORDS),
  ['font-weight', /^(?:[a-z]{1,10}|\d{3})$/i],
  ['font-family', FAMILIES],
  ['font', FONT],
  ['display', DISPLAY],
  ...each('border-spacing border-radius', SIZES),
  ...sided('padding', SIZES),
  ...sided('margin', SIZES),
  ...sided('border', BORDER),
  ...sided('border', BORDER, '-color'),
  ...sided('border', BORDER, '-style'),
  ...sided('border', BORDER, '-width'),
])
