/** Conditions that all must hold, with their values. */
export class Conditions {
  readonly values: unknown[] = []
  readonly #texts: string[] = []

  /** `$1` is the first of these values, whatever comes before. */
  add(text: string, ...values: readonly unknown[]): void {
    const before = this.values.length
    this.#texts.push(text.replace(/\$(\d+)/g, (_, number: string) => `$${before + Number(number)}`))
    this.values.push(...values)
  }

  text(): string {
    return this.#texts.length === 0 ? 'true' : this.#texts.join(' AND ')
  }
}

/** For LIKE: what people type is no pattern. */
export const literal = (text: string): string => text.replace(/[\\%_]/g, (found) => `\\${found}`)
