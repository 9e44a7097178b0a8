/** What the notices give back. */
export const ORIGINAL = `Received: by desk.example; Wed, 4 Nov 2026 07:11:50 +0100
From: Support <support@desk.example>
To: gone@example.org
Subject: [#12] We received your request
Message-ID: <t.12.1.abc@desk.example>
References: <root@example.org> <first@example.org>

Hello
`

/** In the style of each server, in our own words where it is not the words that tell it. */
export interface Notice {
  readonly by: string
  readonly fields: string
  readonly text: string
  /** address, status. */
  readonly says: readonly (readonly [string, string])[]
}

export const NOTICES_OF_SERVERS: readonly Notice[] = [
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
]
