import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { summary } from '../../../src/commands/explain-summary.ts'
import type { ParsedMessage } from '../../../src/message/parsed-message.ts'

const MAIL: ParsedMessage = {
  messageId: '<1@x.example>',
  inReplyTo: [],
  references: [],
  date: '2024-01-02T10:00:00.000Z',
  subject: 'Where is it?',
  from: [{ name: 'Ann', address: 'ann@x.example' }],
  to: [{ name: '', address: 'help@x.example' }],
  cc: [],
  replyTo: [],
  text: 'Here.\n\n> Where?\n> There?\n-- \nAnn',
  html: '<p>Here.<img src="cid:logo"></p>',
  attachments: [
    {
      filename: 'logo.png',
      contentType: 'image/png',
      sizeBytes: 10,
      sha256: '',
      disposition: 'inline',
      contentId: 'logo',
    },
    { filename: null, contentType: 'message/rfc822', sizeBytes: 2048, sha256: '', disposition: null, contentId: null },
  ],
  header: [],
  returnPath: null,
  language: null,
  defects: ['date-missing', 'defect-of-tomorrow'],
  kind: 'personal',
  reason: 'kind/none',
  mayAnswer: true,
  delivery: null,
  reportsOn: [],
  reply: 'Here.',
}

const about = (message: Partial<ParsedMessage>) =>
  summary({ file: 'a.eml', sha256: '', sizeBytes: 100, error: null, message: { ...MAIL, ...message } })

describe('the summary of a mail', () => {
  test('tells what it says, what it is understood as, and why', () => {
    expect(about({})).toBe(
      [
        'file         a.eml (100 B)',
        'subject      Where is it?',
        'from         Ann <ann@x.example>',
        'to           help@x.example',
        'date         2024-01-02T10:00:00.000Z',
        'message-id   <1@x.example>',
        'kind         personal: somebody wrote it (kind/none)',
        'answer       may be acknowledged',
        'reply        Here.',
        '             (4 lines of quotation and signature beside it)',
        'attachments  logo.png  image/png  10 B  (shown in the text)',
        '             message/rfc822  2.0 KiB',
        'defects      date-missing: There is no Date. None is made.',
        '             defect-of-tomorrow',
        '',
      ].join('\n'),
    )
  })

  test('tells of a bounce who did not get which mail, and why (RFC 3464)', () => {
    const recipients = [
      { address: 'bob@y.example', action: 'failed', status: '5.1.1', diagnostic: '550 no such user' },
      { address: 'eve@y.example', action: 'delayed', status: null, diagnostic: null },
    ] as const
    const told = about({
      mayAnswer: false,
      delivery: { temporary: false, originalMessageId: '<2@x.example>', recipients },
    })
    expect(told).toContain('answer       must not be acknowledged (RFC 3834)\n')
    expect(told).toContain(
      'delivery     for good, of <2@x.example>\n' +
        '             failed  5.1.1  bob@y.example  550 no such user\n' +
        '             delayed  eve@y.example\n',
    )
  })

  test('is short however long the mail', () => {
    const many = Array.from({ length: 500 }, () => ({ name: 'x'.repeat(5000), address: 'a@x.example' }))
    const told = about({
      text: 'word\n'.repeat(100_000),
      reply: 'word\n'.repeat(100_000),
      from: many,
      attachments: Array.from({ length: 500 }, () => MAIL.attachments[1] ?? never()),
    })
    expect(told.split('\n').length).toBeLessThan(50)
    expect(told.length).toBeLessThan(5000)
    expect(told).toContain('more lines)')
    expect(told).toContain('and 490 more')
  })

  test('tells what is wrong where there is no mail', () => {
    const error = { code: 'message/unreadable', message: 'cannot be read' }
    expect(summary({ file: 'a.eml', sha256: null, sizeBytes: null, error, message: null })).toBe(
      'file         a.eml\nerror        cannot be read (message/unreadable)\n',
    )
  })

  test('nothing that a sender writes drives the terminal or turns a line around', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        const hostile = `${text}\x1b[2J\u202e\u2066\r\x9b\u2028`
        const told = about({
          subject: hostile,
          from: [{ name: hostile, address: hostile }],
          reply: hostile,
          messageId: hostile,
          defects: [hostile],
          delivery: {
            temporary: true,
            originalMessageId: hostile,
            recipients: [{ address: hostile, action: 'failed', status: hostile, diagnostic: hostile }],
          },
        })
        expect(told.replaceAll('\n', '')).not.toMatch(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u)
      }),
    )
  })
})

function never(): never {
  throw new Error('no such attachment')
}
