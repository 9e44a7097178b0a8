import { dateField, type Field, html, letter, mail, raw, type SampleMail, SUPPORT, text } from './compose.ts'

/** Mails that break the rules, as real ones do. None may be lost. */
export function brokenMails(): readonly SampleMail[] {
  return [
    noHeader(),
    missingBoundary(),
    wrongCharset(),
    blankMessageId(),
    ...sameMessageId(),
    noSender(),
    raw8bitSubject(),
  ]
}

function noHeader(): SampleMail {
  const octets = Buffer.from('This page has no header at all.\r\n\r\nIt came from the scanner in the cellar.\r\n')
  return { name: 'no-header', description: 'begins with prose and has no header at all', octets }
}

function missingBoundary(): SampleMail {
  const fields: readonly Field[] = [
    ...letter(
      'Export Tool <export@old-erp.example>',
      'Order export 4471 failed',
      '2026-11-04 09:00:00',
      'export-4471@old-erp.example',
    ),
    ['MIME-Version', '1.0'],
    ['Content-Type', 'multipart/mixed; boundary="never-used"'],
  ]
  const body = '--another-one\r\nContent-Type: text/plain\r\n\r\nThe export of order 4471 failed with code 12.\r\n'
  return mail('missing-boundary', 'multipart whose boundary never comes', fields, raw(body))
}

function wrongCharset(): SampleMail {
  const fields: readonly Field[] = [
    ...letter(
      'Kassensystem <kasse@baeckerei-huber.example>',
      'Stoerung an Kasse 2',
      '2026-11-04 09:10:00',
      'kasse2@baeckerei-huber.example',
    ),
    ['MIME-Version', '1.0'],
    ['Content-Type', 'text/plain; charset=utf-8'],
    ['Content-Transfer-Encoding', '8bit'],
  ]
  const body = Buffer.from('Die Schublade \xf6ffnet nicht, Betrag 3,20 \x80 gebucht. Gr\xfc\xdfe\r\n', 'latin1')
  return mail('wrong-charset', 'says utf-8, is windows-1252', fields, raw(body))
}

function blankMessageId(): SampleMail {
  const fields: readonly Field[] = [
    ['From', 'Contact form <form@shop.example>'],
    ['To', SUPPORT],
    ['Subject', 'Contact form: question about returns'],
    ['Date', dateField('2026-11-04 09:20:00')],
    ['Message-ID', ''],
    ['Reply-To', 'Ken Ito <ken@ito.example>'],
  ]
  const body = 'Name: Ken Ito\nQuestion: How long may I keep the shoes before I send them back?\n'
  return mail('blank-message-id', 'a Message-ID field with nothing in it', fields, text(body, 'utf-8', '7bit'))
}

function sameMessageId(): readonly SampleMail[] {
  return ['first', 'second'].map((which, index) => {
    const fields = letter(
      'Copier 3rd floor <copier@office.example>',
      `Toner low (${which} notice)`,
      `2026-11-04 09:3${index}:00`,
      '1@localhost',
    )
    const body = `The toner is low. This is the ${which} notice.\n`
    const description = `the ${which} of two mails with one Message-ID and other octets`
    return mail(`same-message-id-${index + 1}`, description, fields, text(body, 'us-ascii', '7bit'))
  })
}

function noSender(): SampleMail {
  const fields: readonly Field[] = [
    ['To', 'undisclosed-recipients:;'],
    ['Subject', ''],
    ['Date', 'yesterday, around noon'],
  ]
  const body = '<p>No sender, no subject, a date nobody can read, and a tag that never ends<b'
  return mail('no-sender', 'no From, an empty subject, an unreadable date', fields, html(body, 'utf-8', '7bit'))
}

function raw8bitSubject(): SampleMail {
  const fields = letter(
    'Bj\xf6rn <bjorn@fjord.example>',
    'Lev\xe9rance sp\xe4t',
    '2026-11-04 09:45:00',
    'raw8@fjord.example',
  )
  return mail(
    'raw-8bit-header',
    'iso-8859-1 in the header without encoded words',
    fields,
    text('Where is it?\n', 'us-ascii', '7bit'),
  )
}
