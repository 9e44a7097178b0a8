import { readFile } from 'node:fs/promises'
import { describe, expect, test } from 'vitest'
import { asMailchuteError, ERROR_CATALOGUE, MailchuteError } from '../../src/errors.ts'
import { LOG_EVENTS } from '../../src/log.ts'

/** The rows of the page's table: its cells, without the marks of code. */
async function rowsOf(page: string): Promise<string[][]> {
  const text = await readFile(new URL(`../../docs/${page}`, import.meta.url), 'utf8')
  const rows = text.split('\n').filter((line) => line.startsWith('| `'))
  return rows.map((row) => row.slice(2, -2).split(/ (?<!\\)\| /))
}

const plain = (cell: string | undefined) => cell?.replace(/^`|`$/g, '')

describe('the pages that list things list exactly what the program knows', () => {
  test('docs/errors.md has every error with remedy, exit code and hint', async () => {
    const rows = (await rowsOf('errors.md')).map(([code, remedy, exitCode, hint]) => [
      plain(code),
      { remedy, exitCode: Number(exitCode), hint: hint?.replaceAll('\\|', '|') },
    ])
    expect(rows).toEqual(Object.entries(ERROR_CATALOGUE))
  })

  test('docs/log.md has every event with its level and a sentence', async () => {
    const rows = await rowsOf('log.md')
    expect(rows.map(([event, level]) => [plain(event), level])).toEqual(Object.entries(LOG_EVENTS))
    for (const [, , sentence] of rows) expect(sentence).toMatch(/^[A-Z].{10,}\.$/)
  })
})

describe('an error', () => {
  test('has the remedy, the exit code and the hint of its code, whoever raises it', () => {
    const error = new MailchuteError('store/disk-full', 'no room', { context: { freeMebibytes: 3 } })
    const { remedy, exitCode, hint } = ERROR_CATALOGUE['store/disk-full']
    expect(error).toMatchObject({ code: 'store/disk-full', remedy, exitCode, hint, context: { freeMebibytes: 3 } })
  })

  test('that nobody foresaw is a bug, and keeps what was thrown', () => {
    const thrown = new TypeError('x is not a function')
    expect(asMailchuteError(thrown)).toMatchObject({ code: 'internal/bug', exitCode: 70, cause: thrown })
    expect(asMailchuteError('a string')).toMatchObject({ code: 'internal/bug', message: 'a string' })
  })

  test('of ours stays the same error', () => {
    const error = new MailchuteError('queue/unavailable', 'gone')
    expect(asMailchuteError(error)).toBe(error)
  })

  test('has a hint and an exit code of sysexits.h, each of them', () => {
    for (const { hint, exitCode } of Object.values(ERROR_CATALOGUE)) {
      expect(hint.length).toBeGreaterThan(10)
      expect([64, 65, 69, 70, 74, 75, 77, 78]).toContain(exitCode)
    }
  })
})
