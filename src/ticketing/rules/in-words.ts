/** What stands in the file, for people. */
export function onOneLine(part: unknown): string {
  if (Array.isArray(part)) return part.map(onOneLine).join(' or ')
  if (typeof part !== 'object' || part === null) return String(part)
  const said = Object.entries(part).map(([key, value]) => (value === true ? key : `${key} ${onOneLine(value)}`))
  return said.join(', ')
}
