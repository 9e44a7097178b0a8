/** The recipes of docs/rules.md do what they are shown for. */
import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { NOT_LOOKED_AT, type Trust } from '../../../../src/message/authenticity/authenticity.ts'
import type { ParsedMessage } from '../../../../src/message/parsed-message.ts'
import { readRules } from '../../../../src/ticketing/rules/read-rules.ts'
import { rulingOf } from '../../../../src/ticketing/rules/ruling.ts'
import { understood } from '../../../support/understood.ts'

const page = readFileSync(new URL('../../../../docs/rules.md', import.meta.url), 'utf8')
const [FORM, VIP, NEWSLETTER, MONITORING, INVOICES, FORGED] = [...page.matchAll(/```yaml\n(.*?)```/gs)].map(
  ([, text]) => readRules(text ?? '').rules ?? [],
)

function judge(rules: typeof FORM, over: Partial<ParsedMessage>, trust: Trust = 'unknown') {
  const evidence = { mail: understood(over), authenticity: { ...NOT_LOOKED_AT, trust }, mailbox: null, sizeBytes: 1 }
  const { fate, marks, requesterIsReplyTo } = rulingOf(rules ?? [], evidence, false)
  return { fate, requesterIsReplyTo, ...marks }
}

const from = (address: string) => ({ from: [{ name: '', address }] })
const alert = (subject: string) => ({ ...from('nagios@ops.example'), subject })
const file = (filename: string) => ({
  attachments: [
    { filename, contentType: 'application/pdf', sizeBytes: 1, sha256: '', disposition: null, contentId: null },
  ],
})

test('a contact form', () => {
  const header = [{ name: 'x-form', value: 'contact' }]
  expect(judge(FORM, { ...from('forms@shop.example'), header })).toMatchObject({
    requesterIsReplyTo: true,
    queue: 'sales',
  })
  expect(judge(FORM, from('forms@shop.example'))).toMatchObject({ requesterIsReplyTo: false, queue: null })
})

test('customers that must not wait', () => {
  expect(judge(VIP, from('x@mail.bigcorp.example'), 'verified')).toMatchObject({ priority: 'high', tags: ['vip'] })
  expect(judge(VIP, from('x@mail.bigcorp.example'), 'failed')).toMatchObject({ priority: null })
})

test('newsletters', () => {
  expect(judge(NEWSLETTER, { kind: 'list' }).fate).toBe('suppress')
  expect(judge(NEWSLETTER, { kind: 'list', ...from('security@vendor.example') }).fate).toBeNull()
  expect(judge(NEWSLETTER, {}).fate).toBeNull()
})

test('monitoring', () => {
  expect(judge(MONITORING, alert('RECOVERY: disk on host 7')).fate).toBe('suppress')
  expect(judge(MONITORING, alert('CRITICAL: disk on host 7'))).toMatchObject({ fate: 'ticket', priority: 'urgent' })
  expect(judge(MONITORING, alert('WARNING: disk'))).toMatchObject({
    queue: 'operations',
    priority: null,
    tags: ['alert'],
  })
})

test('invoices', () => {
  expect(judge(INVOICES, file('Rechnung 2026-11.pdf')).queue).toBe('accounting')
  expect(judge(INVOICES, { ...file('scan.pdf'), subject: 'Your invoice' }).queue).toBe('accounting')
  expect(judge(INVOICES, file('scan.pdf')).queue).toBeNull()
})

test('mail that pretends', () => {
  expect(judge(FORGED, {}, 'failed').fate).toBe('hold')
  expect(judge(FORGED, from('boss@desk.example'), 'unverified').fate).toBe('hold')
  expect(judge(FORGED, from('boss@desk.example'), 'verified').fate).toBeNull()
})
