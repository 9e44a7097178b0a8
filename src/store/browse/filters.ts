/** What rows of a list must meet, as SQL about a row that is called `m`. */
export interface Filter {
  /** `$1` is the first of its values. */
  readonly text: string
  readonly values: readonly unknown[]
  /** An index that has what this filter lets through in the order of the list. */
  readonly way?: Way
  /** It lets few rows through, whatever is asked for. */
  readonly isRare?: boolean
}

/** An index on `column` and then on what the list is ordered by: it has the list of each key. */
export interface Way {
  /** SQL as the index has it. */
  readonly column: string
  /** Of the keys: a type of PostgreSQL. */
  readonly type: string
  readonly keys: readonly string[]
  /** Which rows the index has. */
  readonly where?: string
}

/** The values of a statement that is put together from parts, each of which counts from `$1`. */
export class Values {
  readonly list: unknown[] = []

  put(text: string, ...values: readonly unknown[]): string {
    const before = this.list.length
    this.list.push(...values)
    return text.replace(/\$(\d+)/g, (_, number: string) => `$${before + Number(number)}`)
  }

  all(filters: readonly Filter[]): string {
    return filters.length === 0 ? 'true' : filters.map(({ text, values }) => this.put(text, ...values)).join(' AND ')
  }
}

/** For LIKE: what people type is no pattern. */
export const literal = (text: string): string => text.replace(/[\\%_]/g, (found) => `\\${found}`)
