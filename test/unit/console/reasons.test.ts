import { readFile } from 'node:fs/promises'
import { describe, expect, test } from 'vitest'
import { DEFECTS } from '../../../src/console/pages/defects.ts'
import { REASONS } from '../../../src/console/pages/reasons.ts'

const codesOf = async (page: string): Promise<string[]> => {
  const text = await readFile(new URL(`../../../docs/${page}.md`, import.meta.url), 'utf8')
  return [...text.matchAll(/^\| `([a-z0-9]+(?:-[a-z0-9]+)*(?:\/[a-z-]+)?)` +\|/gm)].map(([, code = '']) => code)
}

describe('the console explains', () => {
  test.each(['kinds', 'authenticity', 'threading', 'acknowledgements'])('every reason of docs/%s.md', async (page) => {
    const reasons = (await codesOf(page)).filter(
      (code) => code.includes('/') && !/^outbound\/(sent|failed|skipped)$/.test(code),
    )
    expect(reasons.length).toBeGreaterThan(3)
    expect(reasons.filter((code) => !Object.hasOwn(REASONS, code))).toEqual([])
  })

  test('every defect of docs/parsing.md', async () => {
    const defects = (await codesOf('parsing')).filter((code) => !code.includes('/'))
    expect(Object.keys(DEFECTS)).toEqual(expect.arrayContaining(defects))
    expect(defects.length).toBe(Object.keys(DEFECTS).length)
  })
})
