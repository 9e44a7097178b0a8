import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { classify } from '../../../../../src/message/kind/classify.ts'
import { PLAIN } from '../mail.ts'

const BOUNCE = {
  ...PLAIN,
  subject: 'failure notice',
  from: [{ name: '', address: 'MAILER-DAEMON@mx.example.net' }],
  to: [],
  header: [{ name: 'content-type', value: 'multipart/report' }],
  returnPath: '',
}

const PIECES = [
  'a@b.',
  '<a@b>:\n',
  'to a@',
  'empf',
  '550 5.1.1.',
  '- copy of the message ',
  'mailbox user quota full exceed ',
  '\n',
]
const WHOLE = ['Final-Recipient: rfc822; a@b\nAction: failed\n\n', 'Final-Recipient: a\n ', '"bouncedRecipients":[{']

describe('a bounce that somebody made to harm', () => {
  test.each([...PIECES, ...WHOLE])('takes time linear in what is looked at: millions of %j', (piece) => {
    const text = piece.repeat(4_000_000 / piece.length)
    const reportParts = ['message/delivery-status', 'message/rfc822', 'text/rfc822-headers'].map((contentType) => ({
      contentType,
      text: text.slice(0, 64 * 1024),
    }))
    const inText = classify({ ...BOUNCE, text })
    const inParts = classify({ ...BOUNCE, reportParts, subject: text.slice(0, 100_000) })
    const lines = classify({ ...BOUNCE, text: `${text.replaceAll('\n', ' ').slice(0, 990)}@x\n`.repeat(70) })
    for (const { delivery, reportsOn } of [inText, inParts, lines]) {
      expect(delivery?.recipients.length ?? 0).toBeLessThanOrEqual(200)
      expect(reportsOn.length).toBeLessThanOrEqual(100)
    }
  })

  test('tells no more than a thousand characters of what the server said, and none that a database refuses', () => {
    const text = `Final-Recipient: rfc822; a@b.example\nAction: failed\nDiagnostic-Code: smtp; 550 \0\ud800${'x'.repeat(1500)}\n`
    const { delivery } = classify({ ...BOUNCE, reportParts: [{ contentType: 'message/delivery-status', text }] })
    const { diagnostic = null } = delivery?.recipients[0] ?? {}
    expect(diagnostic).toHaveLength(1000)
    expect(diagnostic?.isWellFormed()).toBe(true)
    expect(diagnostic).not.toContain('\0')
  })

  test('tells addresses, codes and words that are bounded and that a database takes, whatever it holds', () => {
    const said = fc.string({ unit: 'binary', maxLength: 300 })
    fc.assert(
      fc.property(said, said, said, said, (text, address, field, name) => {
        const status = `Final-Recipient: rfc822; ${address}@b.example\nAction: ${name}\nStatus: ${field}\nDiagnostic-Code: ${text}\n`
        const { delivery } = classify({
          ...BOUNCE,
          text: `${text}\n<${address}@b.example>: ${field}\n`,
          reportParts: name.length % 2 === 0 ? [] : [{ contentType: 'message/delivery-status', text: status }],
        })
        for (const each of delivery?.recipients ?? []) {
          expect(each.address).toMatch(/^\S{1,320}$/u)
          expect(each.status ?? '5.0.0').toMatch(/^[245]\.\d{1,3}\.\d{1,3}$/)
          expect((each.diagnostic ?? '').length).toBeLessThanOrEqual(1000)
          expect(`${each.address}${each.diagnostic}`.isWellFormed()).toBe(true)
          expect(`${each.address}${each.diagnostic}`).not.toContain('\0')
        }
      }),
    )
  })
})
