/** Words of structured header fields (RFC 5322 section 3.2), for fields that the sender may have written. */

export interface Token {
  readonly kind: 'word' | 'quoted' | 'comment' | 'mark'
  /** Without the quotation marks or the outer parentheses. */
  readonly text: string
  /** White space or a comment stands before it. */
  readonly apart: boolean
}

/**
 * Total and linear: whatever is not closed ends with the value. Each of the characters of `marks` is a token of its
 * own; what stands between them, white space, comments and quoted strings is a word.
 */
export function tokensOf(value: string, marks: string): Token[] {
  const tokens: Token[] = []
  let position = 0
  let apart = false
  const push = (kind: Token['kind'], text: string, end: number): void => {
    tokens.push({ kind, text, apart })
    apart = kind === 'comment'
    position = end
  }
  const ends = wordEnds(marks)
  while (position < value.length) {
    const character = value.charAt(position)
    if (/\s/.test(character)) {
      apart = true
      position += 1
    } else if (character === '(') {
      const end = commentEnd(value, position)
      push('comment', value.slice(position + 1, end - 1), end)
    } else if (character === '"') {
      const end = quotedEnd(value, position)
      push('quoted', value.slice(position + 1, end - 1).replace(/\\([\s\S])/g, '$1'), end)
    } else if (marks.includes(character)) {
      push('mark', character, position + 1)
    } else {
      ends.lastIndex = position + 1
      const end = ends.exec(value)?.index ?? value.length
      push('word', value.slice(position, end), end)
    }
  }
  return tokens
}

const wordEnds = (marks: string): RegExp => new RegExp(`[\\s("${marks.replace(/[\]\\^-]/g, '\\$&')}]`, 'g')

/** After the parenthesis that closes the one at `start`; comments may hold comments. */
function commentEnd(value: string, start: number): number {
  let depth = 0
  for (let position = start; position < value.length; position += 1) {
    const character = value.charAt(position)
    if (character === '\\') position += 1
    else if (character === '(') depth += 1
    else if (character === ')') depth -= 1
    if (depth === 0) return position + 1
  }
  return value.length + 1
}

function quotedEnd(value: string, start: number): number {
  for (let position = start + 1; position < value.length; position += 1) {
    const character = value.charAt(position)
    if (character === '\\') position += 1
    else if (character === '"') return position + 1
  }
  return value.length + 1
}
