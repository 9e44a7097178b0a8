import { readFile } from 'node:fs/promises'
import { expect, test } from 'vitest'
import { DEFECTS } from '../../../../src/message/parse/defects.ts'

test('docs/parsing.md lists each defect, in the order of the table, with its words', async () => {
  const page = await readFile(new URL('../../../../docs/parsing.md', import.meta.url), 'utf8')
  const rows = page.matchAll(/^\| `([a-z0-9-]+)` \| (.+?) \| (.+?) \|$/gm)
  const listed = [...rows].map(([, code, wrong, done]) => [code, wrong, done])
  expect(listed).toEqual(Object.entries(DEFECTS).map(([code, [wrong, done]]) => [code, wrong, done]))
})
