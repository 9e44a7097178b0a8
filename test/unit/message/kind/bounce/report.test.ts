import { describe, expect, test } from 'vitest'
import { classified, letter, report } from '../mail.ts'

const DAEMON =
  'From: Mail Delivery System <MAILER-DAEMON@mx.example.net>\nSubject: Undelivered Mail Returned to Sender\nReturn-Path: <>'
const WORDS = 'Content-Type: text/plain\n\nYour mail could not be delivered.\n'
const ORIGINAL = `Content-Type: text/rfc822-headers

From: Support <support@desk.example>
To: gone@example.org
Message-ID: <t.12.1.abc@desk.example>
In-Reply-To: <first@example.org>
`

const status = (...groups: readonly string[]) =>
  [
    'Content-Type: message/delivery-status\n\nReporting-MTA: dns; mx.example.net\nArrival-Date: Wed, 4 Nov 2026 07:11:58 +0100\n',
    ...groups,
  ].join('\n')

const group = (address: string, action: string, code: string, more = '') =>
  `Final-Recipient: rfc822; ${address}\nAction: ${action}\nStatus: ${code}\n${more}`

const bounce = (...parts: readonly string[]) => classified(report(DAEMON, 'delivery-status', parts))

describe('a delivery status notification (RFC 3464)', () => {
  test('tells each recipient, the failed ones first', async () => {
    const groups = [
      group('there@example.org', 'delivered', '2.0.0'),
      group('slow@example.org', 'delayed', '4.4.1', 'Will-Retry-Until: Sat, 7 Nov 2026 07:11:58 +0100\n'),
      group(
        'gone@example.org',
        'failed',
        '5.1.1',
        'Diagnostic-Code: smtp; 550 5.1.1\n <gone@example.org>: no such\n person\n',
      ),
    ]
    const { kind, reason, mayAnswer, delivery, reportsOn } = await bounce(WORDS, status(...groups), ORIGINAL)
    expect({ kind, reason, mayAnswer }).toEqual({ kind: 'delivery-status', reason: 'bounce/report', mayAnswer: false })
    expect(delivery).toEqual({
      temporary: false,
      originalMessageId: '<t.12.1.abc@desk.example>',
      recipients: [
        {
          address: 'gone@example.org',
          action: 'failed',
          status: '5.1.1',
          diagnostic: '550 5.1.1 <gone@example.org>: no such person',
        },
        { address: 'slow@example.org', action: 'delayed', status: '4.4.1', diagnostic: null },
        { address: 'there@example.org', action: 'delivered', status: '2.0.0', diagnostic: null },
      ],
    })
    expect(reportsOn).toEqual(['<t.12.1.abc@desk.example>', '<first@example.org>'])
  })

  test('is temporary if every recipient may still get it (RFC 3463 class 4)', async () => {
    const slow = group('slow@example.org', 'delayed', '4.4.1')
    const late = group('late@example.org', 'failed', '4.4.7')
    expect((await bounce(WORDS, status(slow, late))).delivery?.temporary).toBe(true)
    expect((await bounce(WORDS, status(slow, group('gone@example.org', 'failed', '5.1.1')))).delivery?.temporary).toBe(
      false,
    )
  })

  test('says more than its Status where the remote server did', async () => {
    const remote = group('gone@example.org', 'failed', '5.0.0', 'Diagnostic-Code: x-unix; user unknown\n')
    const refused = group('shy@example.org', 'failed', '5.0.0', 'Diagnostic-Code: smtp; 554 5.7.1 spam\n')
    const { delivery } = await bounce(WORDS, status(remote, refused))
    expect(delivery?.recipients.map(({ status }) => status)).toEqual(['5.1.1', '5.7.1'])
  })

  test('says what its text says where its fields say nothing', async () => {
    const words = 'Content-Type: text/plain\n\nThe following failed:\n\ngone@example.org: 550 5.2.1 switched off\n'
    const { delivery } = await bounce(words, status(group('gone@example.org', 'failed', '5.0.0')))
    expect(delivery?.recipients[0]).toMatchObject({ status: '5.2.1', diagnostic: '550 5.2.1 switched off' })
  })

  test('is read where its part is typed wrongly, or several', async () => {
    const one = status(group('gone@example.org', 'failed', '5.1.1')).replace('message/delivery-status', 'text/plain')
    expect((await bounce(WORDS, one)).delivery?.recipients[0]?.address).toBe('gone@example.org')
    const two = await bounce(
      WORDS,
      status(group('a@example.org', 'failed', '5.1.1')),
      status(group('b@example.org', 'failed', '5.2.2')),
    )
    expect(two.delivery?.recipients.map(({ address }) => address)).toEqual(['a@example.org', 'b@example.org'])
  })

  test('is read where the fields are malformed', async () => {
    const loose = 'FINAL-RECIPIENT : RFC822;<gone@example.org>\nAction : FAILED (no such user)\nStatus : 5.1.1 (bad)\n'
    const local =
      'Final-Recipient: LOCAL; |/usr/bin/filter\nOriginal-Recipient: rfc822; alias@example.org\nAction: failed\nStatus: 5.3.0\n'
    const { delivery } = await bounce(WORDS, status(loose, local))
    expect(delivery?.recipients.map(({ address, status }) => [address, status])).toEqual([
      ['gone@example.org', '5.1.1'],
      ['alias@example.org', '5.3.0'],
    ])
  })

  test('does not take what it gives back for its own words', async () => {
    const older = report(DAEMON, 'delivery-status', [WORDS, status(group('older@example.org', 'failed', '5.1.1'))])
    const enclosed = `Content-Type: message/rfc822\n\n${older.replaceAll('edge', 'inner')}`
    const { delivery } = await classified(
      report(`${DAEMON}\nTo: bounces@desk.example`, 'delivery-status', [WORDS, enclosed]),
    )
    expect(delivery?.recipients.map(({ address }) => address)).toEqual(['support@desk.example'])
    expect(delivery?.originalMessageId).toBe('<l@example.com>')
  })

  test('of a success is one, too', async () => {
    const { kind, delivery } = await bounce(WORDS, status(group('there@example.org', 'relayed', '2.1.9')))
    expect(kind).toBe('delivery-status')
    expect(delivery).toMatchObject({ temporary: false, recipients: [{ action: 'relayed', status: '2.1.9' }] })
  })

  test('enclosed in what a person sends is none', async () => {
    const enclosed = `Content-Type: message/rfc822\n\n${report(DAEMON, 'delivery-status', [WORDS, status(group('gone@example.org', 'failed', '5.1.1'))])}`
    const mail = letter(
      'Return-Path: <carla@example.com>\nSubject: What is this?\nContent-Type: multipart/mixed; boundary=outer',
      `--outer\nContent-Type: text/plain\n\nSee below.\n--outer\n${enclosed}\n--outer--\n`,
    )
    expect(await classified(mail)).toMatchObject({ kind: 'personal', reason: 'kind/none', mayAnswer: true })
  })
})

describe('a report of another kind', () => {
  test('of abuse (RFC 5965) names the mail complained of', async () => {
    const abuse = 'Content-Type: message/feedback-report\n\nFeedback-Type: abuse\nUser-Agent: Loop/1.0\nVersion: 1\n'
    const mail = report('From: feedback@provider.example', 'feedback-report', [WORDS, abuse, ORIGINAL])
    expect(await classified(mail)).toMatchObject({
      kind: 'feedback',
      delivery: null,
      mayAnswer: false,
      reportsOn: ['<t.12.1.abc@desk.example>', '<first@example.org>'],
    })
  })

  test('of abuse is one, too, where the type of the report is another', async () => {
    const abuse = 'Content-Type: text/plain\n\nFeedback-Type: abuse\nUser-Agent: Loop/1.0\n'
    expect((await classified(report('From: feedback@provider.example', 'x', [WORDS, abuse, ORIGINAL]))).kind).toBe(
      'feedback',
    )
  })

  test('of a reading (RFC 8098) names the mail that was read', async () => {
    const read =
      'Content-Type: message/disposition-notification\n\nFinal-Recipient: rfc822; carla@example.com\nOriginal-Message-ID: <t.12.1.abc@desk.example>\nDisposition: manual-action/MDN-sent-manually; displayed\n'
    const mail = report('Subject: Read: Help', 'disposition-notification', [WORDS, read])
    expect(await classified(mail)).toMatchObject({
      kind: 'disposition',
      delivery: null,
      reportsOn: ['<t.12.1.abc@desk.example>'],
    })
  })

  test('of a reading is one in prose by its subject and its sentence', async () => {
    const text =
      'Your message\n\nTo: Carla\nSubject: Help\nSent: today\n\nwas read on Wednesday, 4 November 2026 10:12:13.\n'
    expect((await classified(letter('Subject: Read: Help', text))).kind).toBe('disposition')
    expect((await classified(letter('Subject: Read: Help'))).kind).toBe('personal')
  })

  test.each([
    [
      'dressed as a bounce',
      'Subject: Re: [#12] We received your request',
      'Please add yourself to my Boxbe Guest List: https://cr.example/1\n',
    ],
    [
      'in the words of a rejecting server',
      DAEMON,
      '<gone@example.org>: 550 Your server requires confirmation. Visit https://cr.example/1\n',
    ],
  ])('is a challenge: %s', async (_, fields, text) => {
    const parts = [
      `Content-Type: text/plain\n\n${text}`,
      status(group('gone@example.org', 'failed', '4.7.0')),
      ORIGINAL,
    ]
    const found = await classified(report(fields, 'delivery-status', parts))
    expect(found).toMatchObject({ kind: 'challenge', delivery: null, mayAnswer: false })
    expect(found.reportsOn[0]).toBe('<t.12.1.abc@desk.example>')
  })

  test('is none where a shop wants an address confirmed', async () => {
    const mail = letter(
      'From: no-reply@shop.example\nAuto-Submitted: auto-generated\nSubject: Confirm your address',
      'Click https://shop.example/1 to confirm that you are human.\n',
    )
    expect((await classified(mail)).kind).toBe('notification')
  })
})
