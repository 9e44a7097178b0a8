import { type Notice, ORIGINAL } from './notices.ts'

export const NOTICES_OF_PROVIDERS: readonly Notice[] = [
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
    by: 'a provider that draws lines',
    fields: 'From: Mail Delivery System <mailer-daemon@provider.example>\nSubject: Nicht zustellbare Nachricht',
    text: `|------------------------- Message log follows: -------------------------|

 no valid recipients were found for this message

|------------------------- Failed addresses follow: ---------------------|

 <gone@example.org> ... unknown user

|------------------------- Message header follows: ----------------------|

${ORIGINAL}`,
    says: [['gone@example.org', '5.1.1']],
  },
  {
    by: 'Posta Elettronica Certificata',
    fields:
      'From: Posta Certificata <posta-certificata@pec.example>\nSubject: AVVISO DI MANCATA CONSEGNA: Prova\nX-Ricevuta: errore-consegna\nX-Riferimento-Message-ID: <t.12.1.abc@desk.example>',
    text: 'Il messaggio "Prova" indirizzato a gone@example.org\nnon è stato consegnato: 5.1.1 casella inesistente\n',
    says: [['gone@example.org', '5.1.1']],
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
