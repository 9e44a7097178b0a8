import { readFile } from 'node:fs/promises'
import { expect, test } from 'vitest'
import { RULES } from '../../../../src/message/kind/rules.ts'

test('docs/kinds.md has every rule with its kind and its sentence, in the order in which they hold', async () => {
  const page = await readFile(new URL('../../../../docs/kinds.md', import.meta.url), 'utf8')
  const rows = page.split('\n').filter((line) => /^\| `[a-z-]+\/[a-z-]+` \|/.test(line))
  expect(rows).toEqual(RULES.map(({ code, kind, when }) => `| \`${code}\` | \`${kind}\` | ${when} |`))
})
