import { readFileSync } from 'node:fs'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { stringify } from 'yaml'
import { readRules } from '../../../../src/ticketing/rules/read-rules.ts'
import { rulesJsonSchema } from '../../../../src/ticketing/rules/shape.ts'
import { anyText } from '../../../support/any-text.ts'

/** Each as an editor shows it. */
const problemsOf = (text: string): string[] =>
  (readRules(text).problems ?? []).map(({ line, column, problem, hint }) => `${line}:${column} ${problem}; ${hint}`)

const rule = (when: string, then = '{ hold: true }') => `rules:\n  - name: one\n    when: ${when}\n    then: ${then}\n`

describe('a rules file', () => {
  test('is read as its rules, in their order', () => {
    const { rules, problems } = readRules(`
rules:
  - name: first
    when: always
    then: { tag: a }
  - name: second
    when: { header.X-Form: contact, any: [{ kind: list }, { not: { size: { above: 5 MB } } }] }
    then: { queue: sales, stop: true }
`)
    expect(rules).toBeNull()
    expect(problems).toMatchObject([{ line: 8, column: 27, problem: "there is no action 'stop'" }])
    expect(readRules(rule('always')).rules).toMatchObject([{ name: 'one', stop: false, actions: { hold: true } }])
    expect(readRules('rules: []').rules).toEqual([])
  })

  test('tells all that is wrong at once, each with its line, its column and what was meant', () => {
    const text = `rules:
  - name: a
    when:
      subject: 5
      kind: perosnal
      form: x
      header.x: { contians: a }
      body: { matches: '(a', contains: '' }
      any:
        - subjct: a
    then:
      priority: hihg
  - when: alwyas
    than: {}
  - name: a
    when:
    then: { suppress: true, hold: true }
    stop: maybe
`
    expect(problemsOf(text)).toEqual([
      "4:16 '5' cannot stand here; text that looks like a number needs quotes",
      "5:13 'perosnal' is not a choice; did you mean personal?",
      "6:7 there is no field 'form'; did you mean from?",
      "7:19 there is no operator 'contians'; did you mean contains?",
      '8:24 it is no regular expression as RE2 knows them: missing closing ): `(a`; null',
      '8:40 it is empty; null',
      "10:11 there is no field 'subjct'; did you mean subject?",
      "12:17 'hihg' is not a choice; did you mean high?",
      '13:5 name is missing; null',
      '13:5 then is missing; null',
      "13:11 'alwyas' is not a choice; did you mean always?",
      "14:5 there is no part of a rule 'than'; did you mean then?",
      "15:11 another rule is named 'a'; give each its own name",
      '16:5 nothing cannot stand here; say what it has to be',
      '17:11 only one of suppress, hold and ticket can be done; null',
      "18:11 'maybe' cannot stand here; write true or false",
    ])
  })

  test.each([
    ['an empty file', '', '1:1 nothing cannot stand here; a map is expected'],
    ['a list alone', '- name: a', '1:1 a list cannot stand here; a map is expected'],
    ['tabs', 'rules:\n\t- name: a', '2:1 tabs are not allowed as indentation; null'],
    ['a key twice', `${rule('always')}rules: []`, '5:1 map keys must be unique; null'],
    ['an alias', 'rules: [&a 1, *a]', '1:12 anchors and aliases are not read; write it out'],
    ['a second document', '---\nrules: []\n---\nrules: []', '3:1'],
    ['a tag', 'rules: !!js/function x', '1:8'],
    ['an unclosed quotation', 'rules: "a', '1:10'],
    [
      'a match without a condition',
      rule('{}'),
      '3:11 it would match every mail: if that is meant, write `when: always`',
    ],
    ['an action that does nothing', rule('always', '{}'), '4:11 it does nothing'],
    [
      'a queue of two lines',
      rule('always', '{ queue: "a\\nb" }'),
      "4:20 'a\nb' cannot stand here; write one line of text",
    ],
    [
      'a regular expression that needs backtracking',
      rule('{ body: { matches: "(?=a)" } }'),
      '3:30 it is no regular expression',
    ],
    [
      'a name that an object has of itself',
      rule('{ constructor: x, __proto__: y }'),
      "3:13 there is no field 'constructor'",
    ],
    ['more than a MiB', '#'.repeat(1024 * 1024 + 1), '1:1 the file is larger than 1 MiB'],
    ['nesting without end', `rules: ${'['.repeat(20_000)}`, '1:'],
    ['a billion laughs', `a: &a [x,x]\n${'b: &b [*a,*a]\n'.repeat(30)}`, '3:1 map keys must be unique'],
  ])('with %s is refused there', (_, text, expected) => {
    expect(problemsOf(text)[0]?.slice(0, expected.length)).toBe(expected)
  })

  test('any text gives rules or problems with a place in it', () => {
    const leaf = fc.oneof(fc.string(), fc.integer(), fc.boolean(), fc.constant(null))
    const name = fc.oneof(
      fc.constantFrom('rules', 'name', 'when', 'then', 'any', 'not', 'from', 'kind', 'matches', 'in', 'hold', 'always'),
      fc.string(),
    )
    const { tree } = fc.letrec((tie) => ({
      tree: fc.oneof({ maxDepth: 6 }, leaf, fc.array(tie('tree'), { maxLength: 3 }), fc.dictionary(name, tie('tree'))),
    }))
    const files = fc.oneof(
      anyText(),
      tree.map((value) => stringify({ rules: [value] })),
    )
    fc.assert(
      fc.property(files, (text) => {
        const { rules, problems } = readRules(text)
        const lines = text.split(/\r?\n/).length
        expect(rules === null).toBe(problems !== null)
        for (const { line, column } of problems ?? []) {
          expect(line >= 1 && line <= lines && column >= 1).toBe(true)
        }
      }),
      { numRuns: 100 },
    )
  })
})

test('docs/rules.schema.json is what the shape says: `mailchute rules schema` writes it', () => {
  const published = readFileSync(new URL('../../../../docs/rules.schema.json', import.meta.url), 'utf8')
  expect(JSON.parse(published)).toEqual(JSON.parse(JSON.stringify(rulesJsonSchema())))
})
