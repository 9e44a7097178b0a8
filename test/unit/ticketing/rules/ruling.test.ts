import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type Authenticity, NOT_LOOKED_AT } from '../../../../src/message/authenticity/authenticity.ts'
import type { ParsedMessage } from '../../../../src/message/parsed-message.ts'
import { readRules } from '../../../../src/ticketing/rules/read-rules.ts'
import { rulingOf } from '../../../../src/ticketing/rules/ruling.ts'
import { anyText } from '../../../support/any-text.ts'
import { growsLinearly } from '../../../support/growth.ts'
import { understood } from '../../../support/understood.ts'

function rulesOf(text: string) {
  const { rules, problems } = readRules(text)
  if (rules === null) throw new Error(JSON.stringify(problems))
  return rules
}

interface Around {
  readonly trust?: Authenticity['trust']
  readonly obeys?: boolean
}

function judge(text: string, over: Partial<ParsedMessage> = {}, { trust = 'unknown', obeys = false }: Around = {}) {
  const authenticity = { ...NOT_LOOKED_AT, trust }
  return rulingOf(rulesOf(text), { mail: understood(over), authenticity, mailbox: 'support', sizeBytes: 5000 }, obeys)
}

/** Why the condition holds; null: it does not. */
function why(when: string, over: Partial<ParsedMessage> = {}, around: Around = {}) {
  const { matched } = judge(`rules: [{ name: one, when: ${when}, then: { tag: x } }]`, over, around)
  return matched[0]?.because ?? null
}

const from = (address: string, name = '') => ({ from: [{ name, address }] })
const header = (name: string, value: string) => ({ header: [{ name, value }] })

describe('a condition', () => {
  test.each([
    ['{ from: ANN@customer.example }', {}, ['from equals ANN@customer.example']],
    ['{ from: ann }', {}, null],
    ['{ from: { domain: Customer.Example } }', {}, ['from domain Customer.Example']],
    ['{ from: { domain: customer.example } }', from('x@mail.customer.example'), ['from domain customer.example']],
    ['{ from: { domain: customer.example } }', from('x@notcustomer.example'), null],
    ['{ from: { domain: bücher.example } }', from('x@xn--bcher-kva.example'), ['from domain bücher.example']],
    ['{ from: x@bücher.example }', from('x@xn--bcher-kva.example'), ['from equals x@bücher.example']],
    ['{ from: { exists: false } }', { from: [] }, ['from does not exist']],
    ['{ to: [a@b.example, help@desk.example] }', {}, ['to equals help@desk.example']],
    [
      '{ recipient: list@desk.example }',
      header('delivered-to', 'list@desk.example'),
      ['recipient equals list@desk.example'],
    ],
    ['{ subject: QUESTION }', {}, ['subject contains QUESTION']],
    ['{ subject: [invoice, question] }', {}, ['subject contains question']],
    ['{ subject: { equals: question } }', {}, null],
    ['{ subject: { in: [a question] } }', {}, ['subject in a question']],
    ['{ subject: { starts-with: a, ends-with: N } }', {}, ['subject starts-with a', 'subject ends-with N']],
    ['{ subject: { matches: "^a .*tion$" } }', {}, ['subject matches ^a .*tion$']],
    ['{ subject: { matches: "(?-i)QUEST" } }', {}, null],
    ['{ body: "how does" }', {}, ['body contains how does']],
    ['{ body: x }', { text: null }, null],
    ['{ header.X-Form: contact }', header('x-form', 'Contact'), ['header.X-Form contains contact']],
    ['{ header.x-form: grüße }', header('x-form', '=?utf-8?q?Gr=C3=BC=C3=9Fe?='), ['header.x-form contains grüße']],
    [
      '{ header.x-form: grüße }',
      header('x-form', Buffer.from('Grüße').toString('latin1')),
      ['header.x-form contains grüße'],
    ],
    ['{ header.x-form: grüße }', header('x-form', 'Gr\xfc\xdfe'), ['header.x-form contains grüße']],
    ['{ header.x-form: { exists: true } }', header('x-form', 'y'), ['header.x-form exists']],
    ['{ header.x-form: { exists: true } }', {}, null],
    ['{ size: { above: 4 KB, below: 1 MB } }', {}, ['size above 4 KB', 'size below 1 MB']],
    ['{ size: { above: 5000 } }', {}, null],
    ['{ kind: [list, personal] }', {}, ['kind equals personal']],
    ['{ reason: { starts-with: kind/ } }', {}, ['reason starts-with kind/']],
    ['{ mailbox: support }', {}, ['mailbox equals support']],
    ['{ may-answer: true }', {}, ['may-answer equals true']],
    ['{ may-answer: false }', {}, null],
    ['{ language: de }', { language: 'de' }, ['language equals de']],
    ['{ defect: date-missing }', { defects: ['x', 'date-missing'] }, ['defect equals date-missing']],
    ['{ subject: question, body: nothing }', {}, null],
    ['{ any: [{ kind: list }, { subject: question }] }', {}, ['subject contains question']],
    ['{ all: [{ kind: personal }, { subject: question }] }', {}, ['kind equals personal', 'subject contains question']],
    ['{ not: { kind: list, subject: question } }', {}, ['not subject question, kind list']],
    ['{ not: [{ kind: list }, { subject: question }] }', {}, null],
    ['always', {}, ['always']],
  ] as const)('%s of %j says why it holds', (when, over, expected) => {
    expect(why(when, over)).toEqual(expected)
  })

  test('sees trust as the receiving side has it', () => {
    expect(why('{ trust: failed }', {}, { trust: 'failed' })).toEqual(['trust equals failed'])
    expect(why('{ trust: failed }', {}, { trust: 'verified' })).toBeNull()
  })

  test('of files looks at their names and types', () => {
    const file = { filename: 'Rechnung-7.PDF', contentType: 'application/pdf', sizeBytes: 1, sha256: '' }
    const attachments = [{ ...file, disposition: 'attachment' as const, contentId: null }]
    expect(why('{ attachment: { ends-with: .pdf }, attachment-type: application/pdf }', { attachments })).toHaveLength(
      2,
    )
  })

  test('trusts no display name: anybody may be called ceo@customer.example', () => {
    expect(why('{ from: { contains: ceo@ } }', from('eve@stranger.example', 'ceo@customer.example'))).toBeNull()
  })
})

describe('what rules do', () => {
  const marked = (then: string, more = '') =>
    judge(
      `rules: [{ name: one, when: always, then: { queue: a, tag: x } }, { name: two, when: always, then: ${then}${more} }]`,
    )

  test('the last word counts for marks, and tags add up', () => {
    const { marks } = marked('{ queue: b, priority: high, tags: [y, x], assign: robin }')
    expect(marks).toEqual({ queue: 'b', priority: 'high', tags: ['x', 'y'], assignee: 'robin' })
  })

  test('after `stop` no rule is looked at', () => {
    const rules =
      'rules: [{ name: one, when: always, then: { queue: a }, stop: true }, { name: two, when: always, then: { hold: true } }]'
    expect(judge(rules)).toMatchObject({ fate: null, matched: [{ name: 'one' }], marks: { queue: 'a' } })
  })

  test.each([
    [['ticket', 'suppress', 'hold'], 'hold'],
    [['hold', 'ticket'], 'hold'],
    [['suppress', 'ticket'], 'suppress'],
    [['ticket'], 'ticket'],
    [[], null],
  ] as const)('of %j the careful one wins', (fates, expected) => {
    const rules = fates.map((fate, index) => `{ name: ${index}a, when: always, then: { ${fate}: true } }`)
    expect(judge(`rules: [${rules.join()}]`).fate).toBe(expected)
  })

  test('Reply-To decides on the requester only where a rule says so', () => {
    expect(judge('rules: []').requesterIsReplyTo).toBe(false)
    expect(marked('{ requester: reply-to }').requesterIsReplyTo).toBe(true)
  })
})

describe('control fields', () => {
  const CONTROL = [
    { name: 'x-mailchute-queue', value: 'B' },
    { name: 'x-mailchute-priority', value: 'URGENT' },
    { name: 'x-mailchute-tags', value: 'one, two,,' },
    { name: 'x-mailchute-assign', value: '=?utf-8?q?J=C3=B6rg?=' },
    { name: 'x-mailchute-hold', value: 'yes' },
    { name: 'x-mailchute-suppress', value: 'no' },
  ]
  const RULES = 'rules: [{ name: one, when: always, then: { queue: a, tag: zero }, stop: true }]'

  test('have the last word in a mailbox that obeys them', () => {
    const ruling = judge(RULES, { header: CONTROL }, { obeys: true })
    expect(ruling.marks).toEqual({ queue: 'B', priority: 'urgent', tags: ['zero', 'one', 'two'], assignee: 'Jörg' })
    expect(ruling).toMatchObject({ fate: 'hold', controlFieldsIgnored: false, controlFields: { length: 6 } })
  })

  test('say nothing in any other mailbox, and that is told', () => {
    const ruling = judge(RULES, { header: CONTROL })
    expect(ruling.marks).toEqual({ queue: 'a', priority: null, tags: ['zero'], assignee: null })
    expect(ruling).toMatchObject({ fate: null, controlFieldsIgnored: true, controlFields: [] })
    expect(judge(RULES)).toMatchObject({ controlFieldsIgnored: false })
  })

  test('with what cannot be read change nothing', () => {
    const header = [
      { name: 'x-mailchute-priority', value: 'very' },
      { name: 'x-mailchute-queue', value: ' ' },
      { name: 'x-mailchute-hold', value: 'perhaps' },
    ]
    expect(judge(RULES, { header }, { obeys: true })).toMatchObject({
      fate: null,
      marks: { queue: 'a', priority: null },
    })
  })
})

describe('mail that is written against rules', () => {
  const HOSTILE = [
    '(a+)+$',
    '(a|a)*b',
    '(a|aa)+$',
    '([a-z]+)*c',
    '(.*)(.*)(.*)x',
    '(a|b)*a(a|b){30}c',
    'a{1,500}b',
    '.*.*.*=.*',
  ]
  const rules = HOSTILE.map(
    (pattern, index) => `{ name: r${index}, when: { body: { matches: '${pattern}' } }, then: { tag: x } }`,
  )

  test('is looked at in time that grows with its length alone (RE2)', () => {
    const compiled = rulesOf(`rules: [${rules.join()}]`)
    const look = (characters: number) => {
      const mail = understood({ text: 'ab'.repeat(characters / 4) + 'a'.repeat(characters / 2) })
      rulingOf(compiled, { mail, authenticity: NOT_LOOKED_AT, mailbox: null, sizeBytes: 0 }, false)
    }
    expect(growsLinearly(look, 8192)).toBe(true)
  })

  test('any text in any field gets a ruling', () => {
    const compiled = rulesOf(`rules:
  - { name: a, when: { any: [{ from: { domain: x.y } }, { subject: { matches: '.*' } }, { header.x: { contains: q } }] }, then: { tag: t } }
  - { name: b, when: { recipient: { ends-with: e }, not: { body: { matches: '(a|b)+$' } } }, then: { hold: true } }`)
    const text = anyText()
    fc.assert(
      fc.property(text, text, text, (one, two, three) => {
        const address = [{ name: two, address: `${one}@${two}` }]
        const fields = [
          { name: 'x', value: three },
          { name: 'delivered-to', value: one },
          { name: 'x-mailchute-queue', value: three },
        ]
        const mail = understood({ from: address, to: address, subject: three, text: one, header: fields })
        const ruling = rulingOf(compiled, { mail, authenticity: NOT_LOOKED_AT, mailbox: null, sizeBytes: 1 }, true)
        expect(ruling.marks.queue ?? '').not.toMatch(/\p{Cc}/u)
      }),
    )
  })
})
