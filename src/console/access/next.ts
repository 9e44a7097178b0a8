const LONGEST_CHARACTERS = 1024

/** Where a login leads: a path of ours and nothing else, for `//elsewhere` and `/\elsewhere` lead away. */
export function nextOf(values: unknown): string {
  const next = textOf(values, 'next')
  return next.length <= LONGEST_CHARACTERS && /^\/(?![/\\])[\x21-\x7e]*$/.test(next) ? next : '/'
}

/** A field of a form or a query; empty where there is none, or several. */
export function textOf(values: unknown, name: string): string {
  const value: unknown = typeof values === 'object' && values !== null ? Reflect.get(values, name) : undefined
  return typeof value === 'string' ? value : ''
}
