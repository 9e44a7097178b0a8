import { describe, expect, test } from 'vitest'
import { classified, letter } from '../mail.ts'

const ORIGINAL = `Received: by desk.example; Wed, 4 Nov 2026 07:11:50 +0100
From: Support <support@desk.example>
To: gone@example.org
Subject: [#12] We received your request
Message-ID: <t.12.1.abc@desk.example>
References: <root@example.org> <first@example.org>

Hello
`

/** In the style of each server, in our own words where it is not the words that tell it. */
interface Notice {
  readonly by: string
  readonly fields: string
  readonly text: string
  /** address, status. */
  readonly says: readonly (readonly [string, string])[]
}

const NOTICES: readonly Notice[] = [
  {
    by: 'qmail',
    fields: 'From: MAILER-DAEMON@mx.example.net\nSubject: failure notice\nReturn-Path: <>',
    text: `Hi. This is the qmail-send program at mx.example.net.
I'm afraid I wasn't able to deliver your message to the following addresses.
This is a permanent error; I've given up. Sorry it didn't work out.

<gone@example.org>:
Sorry, no mailbox here by that name. (#5.1.1)

<full@example.org>:
192.0.2.7 failed after I sent the message.
Remote host said: 552 sorry, the mailbox of that user is full

--- Below this line is a copy of the message.

${ORIGINAL}`,
    says: [
      ['gone@example.org', '5.1.1'],
      ['full@example.org', '5.2.2'],
    ],
  },
  {
    by: 'Exim, without X-Failed-Recipients',
    fields:
      'From: Mail Delivery System <Mailer-Daemon@mx.example.net>\nSubject: Mail delivery failed: returning message to sender\nAuto-Submitted: auto-replied',
    text: `This message was created automatically by mail delivery software.

A message that you sent could not be delivered to one or more of its
recipients. This is a permanent error. The following address(es) failed:

  gone@example.org
    host mx.example.org [192.0.2.7]
    SMTP error from remote mail server after RCPT TO:<gone@example.org>:
    550 no such person at this address

------ This is a copy of the message, including all the headers. ------

${ORIGINAL}`,
    says: [['gone@example.org', '5.1.1']],
  },
  {
    by: 'Sendmail 8',
    fields:
      'From: Mail Delivery Subsystem <MAILER-DAEMON@mx.example.net>\nSubject: Returned mail: see transcript for details',
    text: `The original message was received at Wed, 4 Nov 2026 07:12:00 +0100
from desk.example [192.0.2.1]

   ----- The following addresses had permanent fatal errors -----
<gone@example.org>
    (reason: 550 Host unknown)

   ----- Transcript of session follows -----
550 5.1.2 <gone@example.org>... Host unknown (Name server: example.org: host not found)

   ----- Original message follows -----

${ORIGINAL}`,
    says: [['gone@example.org', '5.1.2']],
  },
  {
    by: 'Sendmail 5',
    fields: 'From: Mail Delivery Subsystem <MAILER-DAEMON@old.example.net>\nSubject: Returned mail: User unknown',
    text: `   ----- Transcript of session follows -----
While talking to mx.example.org:
>>> RCPT To:<gone@example.org>
<<< 550 gone@example.org: nobody of that name
550 <gone@example.org>... User unknown

   ----- Unsent message follows -----
${ORIGINAL}`,
    says: [['gone@example.org', '5.1.1']],
  },
  {
    by: 'Exchange 5.5',
    fields:
      'From: System Administrator <postmaster@mx.example.net>\nSubject: Undeliverable: [#12] We received your request\nReturn-Path: <>',
    text: `Your message

  To:      gone@example.org
  Subject: [#12] We received your request
  Sent:    Wed, 4 Nov 2026 07:11:50 +0100

did not reach the following recipient(s):

gone@example.org on Wed, 4 Nov 2026 07:12:00 +0100
    The recipient name is not recognized
	The MTS-ID of the original message is: c=de;a= ;p=example;l=MX-1
    MSEXCH:IMS:EXAMPLE:MX:MX 0 (000C05A6) Unknown Recipient
`,
    says: [['gone@example.org', '5.1.1']],
  },
  {
    by: 'Exchange 2010 in German',
    fields:
      'From: Microsoft Outlook <MicrosoftExchange329e71ec88ae4615bbc36ab6ce41109e@example.net>\nSubject: Unzustellbar: [#12] We received your request\nReturn-Path: <>\nIn-Reply-To: <t.12.1.abc@desk.example>',
    text: `Fehler bei der Nachrichtenzustellung an folgende Empfänger oder Verteilerlisten:

gone@example.org<mailto:gone@example.org>
Die eingegebene E-Mail-Adresse konnte nicht gefunden werden.

Diagnoseinformationen für Administratoren:

Generierender Server: mx.example.net

gone@example.org
#550 5.1.1 RESOLVER.ADR.RecipNotFound; not found ##

Ursprüngliche Nachrichtenkopfzeilen:

${ORIGINAL}`,
    says: [['gone@example.org', '5.1.1']],
  },
  {
    by: 'Gmail today',
    fields:
      'From: Mail Delivery Subsystem <mailer-daemon@googlemail.com>\nSubject: Delivery Status Notification (Failure)\nReturn-Path: <>\nIn-Reply-To: <t.12.1.abc@desk.example>\nX-Failed-Recipients: gone@example.org',
    text: `** Address not found **

Your message wasn't delivered to gone@example.org because the address couldn't be found, or is unable to receive mail.

The response from the remote server was:

550 5.2.1 The account that you tried to reach is switched off.
`,
    says: [['gone@example.org', '5.2.1']],
  },
  {
    by: 'Domino',
    fields:
      'From: postmaster@mx.example.net\nSubject: DELIVERY FAILURE: User gone (gone@example.org) not listed in Domino Directory\nReturn-Path: <>',
    text: `Your message

  Subject: [#12] We received your request

was not delivered to:

  gone@example.org

because:

  User gone (gone@example.org) not listed in Domino Directory
`,
    says: [['gone@example.org', '5.1.1']],
  },
  {
    by: 'Courier, as text',
    fields: 'From: postmaster@mx.example.net\nSubject: NOTICE: mail delivery status.\nReturn-Path: <>',
    text: `This is a delivery status notification from mx.example.net,
running the Courier mail server.

                           UNDELIVERABLE MAIL

Your message to the following recipients cannot be delivered:

<gone@example.org>:
    mx.example.org [192.0.2.7]:
>>> RCPT TO:<gone@example.org>
<<< 550 User unknown in the virtual table
`,
    says: [['gone@example.org', '5.1.1']],
  },
  {
    by: 'OpenSMTPD',
    fields: 'From: Mailer Daemon <MAILER-DAEMON@mx.example.net>\nSubject: Delivery status notification: error',
    text: `    Hi!

    This is the MAILER-DAEMON, please DO NOT REPLY to this email.

    An error has occurred while attempting to deliver a message for
    the following list of recipients:

gone@example.org: 552 5.3.4 too many octets for us

    Below is a copy of the original message:

${ORIGINAL}`,
    says: [['gone@example.org', '5.3.4']],
  },
  {
    by: '1&1 and its kin',
    fields:
      'From: GMX Mailer Daemon <mailer-daemon@gmx.example>\nSubject: Mail delivery failed: returning message to sender\nAuto-Submitted: auto-replied',
    text: `This message was created automatically by mail delivery software.

A message that you sent could not be delivered to one or more of
its recipients. This is a permanent error. The following address
failed:

"gone@example.org":
SMTP error from remote server after RCPT command:
host: mx.example.org
554 refused by policy
`,
    says: [['gone@example.org', '5.7.1']],
  },
  {
    by: 'a gateway that shows the dialogue',
    fields:
      'From: Gateway <postmaster@mx.example.net>\nSubject: Mail could not be delivered\nReturn-Path: <postmaster@mx.example.net>',
    text: `****** Message from a mail gateway ******

Sent <<< RCPT TO:<kantora@example.org>
Received >>> 550 5.1.1 <kantora@example.org>... user unknown

Unable to deliver message to <kantora@example.org>.

****** End of message ******
`,
    says: [['kantora@example.org', '5.1.1']],
  },
  {
    by: 'a provider that names the mailbox alone',
    fields: 'From: Mail Delivery Subsystem <MAILER-DAEMON@example.org>\nSubject: Mail Delivery Problem',
    text: `Your mail to the following recipients could not be delivered because nobody reads them:
\tgone
`,
    says: [['gone@example.org', '5.0.0']],
  },
  {
    by: 'Amazon SES over SNS',
    fields: 'From: Bounces <no-reply@sns.amazonaws.com>\nSubject: AWS Notification Message',
    text: `{"notificationType":"Bounce","bounce":{"bounceType":"Permanent","bouncedRecipients":[{"emailAddress":"gone@example.org","action":"failed","status":"5.1.1","diagnosticCode":"smtp; 550 5.1.1 user unknown"}]},"mail":{"headers":[{"name":"Message-ID","value":"<t.12.1.abc@desk.example>"}]}}`,
    says: [['gone@example.org', '5.1.1']],
  },
]

describe('a bounce in prose', () => {
  test.each(NOTICES)('of $by is one, and tells whom and why', async ({ fields, text, says }) => {
    const { kind, mayAnswer, delivery } = await classified(letter(fields, text))
    expect({ kind, mayAnswer }).toEqual({ kind: 'delivery-status', mayAnswer: false })
    const told = delivery?.recipients.map(({ address, status, action }) => [address, status, action])
    expect(told).toEqual(says.map(([address, status]) => [address, status, 'failed']))
    expect(delivery?.temporary).toBe(false)
  })

  test('names the mail that it gives back, then those which that one refers to', async () => {
    for (const { fields, text } of NOTICES.filter((each) => each.text.includes(ORIGINAL))) {
      const { delivery, reportsOn } = await classified(letter(fields.replace(/\nIn-Reply-To:.*/, ''), text))
      expect(delivery?.originalMessageId).toBe('<t.12.1.abc@desk.example>')
      expect(reportsOn).toEqual(['<t.12.1.abc@desk.example>', '<first@example.org>', '<root@example.org>'])
    }
  })

  test('names the mail that it answers, where it gives none back', async () => {
    const { delivery } = await classified(letter(NOTICES[6]?.fields ?? '', NOTICES[6]?.text))
    expect(delivery?.originalMessageId).toBe('<t.12.1.abc@desk.example>')
  })

  test('that only warns of a delay is temporary', async () => {
    const text = `This is an automatically generated Delivery Status Notification

THIS IS A WARNING MESSAGE ONLY. YOU DO NOT NEED TO RESEND YOUR MESSAGE.

Delivery to the following recipient has been delayed:

     slow@example.org

Message will be retried for 2 more day(s)
`
    const fields =
      'From: Mail Delivery Subsystem <mailer-daemon@mx.example.net>\nSubject: Delivery Status Notification (Delay)'
    const { kind, delivery } = await classified(letter(fields, text))
    expect(kind).toBe('delivery-status')
    expect(delivery).toMatchObject({
      temporary: true,
      recipients: [{ address: 'slow@example.org', action: 'delayed' }],
    })
    expect(delivery?.recipients[0]?.status?.[0]).toBe('4')
  })

  test('never names who sent the mail, who receives the bounce, or whom to ask', async () => {
    const text = `A message from <support@desk.example> could not be delivered.
For help write to postmaster@mx.example.net or contact help@mx.example.net.

Recipient: <gone@example.org>
`
    const fields = 'From: MAILER-DAEMON@mx.example.net\nSubject: Undeliverable mail\nTo: bounces@desk.example'
    const { delivery } = await classified(letter(fields, `${text}\n--- The original message ---\n\n${ORIGINAL}`))
    expect(delivery?.recipients.map(({ address }) => address)).toEqual(['gone@example.org'])
  })

  test('names at most 200 recipients, whatever it holds', async () => {
    const many = Array.from({ length: 3000 }, (_, at) => `<a${at}@b.example>: unknown`).join('\n')
    const fields = 'From: MAILER-DAEMON@mx.example.net\nSubject: failure notice'
    expect((await classified(letter(fields, `Could not deliver.\n\n${many}\n`))).delivery?.recipients).toHaveLength(200)
  })
})

describe('no bounce', () => {
  const inline = NOTICES[0]?.text ?? ''
  const fields = `Final-Recipient: rfc822; gone@example.org
Action: failed
Status: 5.1.1
`
  test.each([
    [
      'a bounce that somebody forwards',
      'Subject: Fwd: Undelivered Mail Returned to Sender',
      `What is this?\n\n${inline}`,
    ],
    ['a bounce that somebody pastes', 'Subject: Undelivered Mail Returned to Sender', inline],
    ['its fields, pasted', 'Subject: My mail came back\nReturn-Path: <carla@example.com>', `Why?\n\n${fields}`],
    [
      'a question about one',
      'Subject: my mail came back with 550 5.1.1',
      'It says: user unknown. Could not be delivered?\n',
    ],
    [
      'an answer to one',
      'Subject: Re: Undeliverable: Help\nIn-Reply-To: <x@mx.example.net>',
      `> ${inline.replaceAll('\n', '\n> ')}\nOops.\n`,
    ],
    [
      'what a postmaster writes by hand',
      'From: Postmaster <postmaster@example.net>\nReturn-Path: <postmaster@example.net>\nSubject: Your question',
      'Your mail was rejected because of its size. Call me.\n',
    ],
  ])('is %s', async (_, header, text) => {
    const { kind, delivery } = await classified(letter(header, text))
    expect(kind).not.toBe('delivery-status')
    expect(kind).not.toBe('auto-reply')
    expect(delivery).toBeNull()
  })

  test.each([
    [
      'a shop that could not deliver a parcel',
      'From: no-reply@parcels.example\nAuto-Submitted: auto-generated\nSubject: Delivery failed',
      'Your parcel could not be delivered.\n',
      'notification',
    ],
    [
      'a report of what a server rejected',
      'From: root@host.example\nAuto-Submitted: auto-generated\nSubject: Logwatch for host',
      '550 user unknown: 3 times. Undeliverable: 5\n',
      'notification',
    ],
    [
      'a failure that a monitor reports',
      'From: checks@example.net\nReturn-Path: <>\nSubject: Failure: backup',
      'The backup failed.\n',
      'notification',
    ],
    [
      'an absence note with an empty envelope sender',
      'Return-Path: <>\nSubject: Out of office: Help',
      'Messages are not delivered to anybody else.\n',
      'auto-reply',
    ],
    [
      'a confirmation of receipt that quotes a bounce',
      'Auto-Submitted: auto-replied\nSubject: [Ticket 4] Help',
      `Thank you.\n\n> ${inline.replaceAll('\n', '\n> ')}`,
      'auto-reply',
    ],
  ])('is %s', async (_, header, text, kind) => {
    expect((await classified(letter(header, text))).kind).toBe(kind)
  })
})
