import { type Field, letter, mail, raw, type SampleMail, text } from './compose.ts'

/** Mails that keep the rules but go to their limits, and octets that programs stumble over. */
export function extremeMails(): readonly SampleMail[] {
  return [
    longHeader(),
    dotsAtLineStarts(),
    nulOctets(),
    loneCarriageReturns(),
    emptyBody(),
    longLine(),
    noFinalLineEnd(),
  ]
}

/** A subject of 12 KB in one line, and 300 ancestors. */
function longHeader(): SampleMail {
  const subject = 'Re: '.repeat(4) + 'printer on fire, please advise; '.repeat(384)
  const references = Array.from({ length: 300 }, (_, index) => `<long-${index}@endless-thread.example>`)
  const fields: readonly Field[] = [
    ...letter(
      'Max Power <max@endless-thread.example>',
      subject,
      '2026-11-04 10:00:00',
      'long-300@endless-thread.example',
    ),
    ['In-Reply-To', '<long-299@endless-thread.example>'],
    ['References', references.join('\r\n ')],
  ]
  return mail('long-header', 'a subject of 12 KB and 300 References', fields, text('See above.\n', 'us-ascii', '7bit'))
}

function dotsAtLineStarts(): SampleMail {
  const body = '.\n..\n...\n.profile is missing\n\n.\n. a dot and a blank\nno dot\n.\n'
  return extreme('dots', 'lines that begin with dots, also lone ones', 'Dots in my dotfiles', '10:10', body)
}

function nulOctets(): SampleMail {
  const body = '\0\0The controller sends NUL octets:\n\0\x01\x02\0 and goes on after them.\n\0'
  return extreme('nul', 'NUL octets in the body, the first and the last octet too', 'Controller log', '10:20', body)
}

function loneCarriageReturns(): SampleMail {
  const body = 'progress 10%\rprogress 60%\rprogress 100%\r\nline feed only\nand on\r.\r\n.\n.\r\n'
  const fields = letter('Builder <ci@builds.example>', 'Build 812', '2026-11-04 10:30:00', 'build-812@builds.example')
  return mail('lone-cr', 'CR without LF and LF without CR, dots after both', fields, raw(body))
}

function emptyBody(): SampleMail {
  return extreme('empty-body', 'a header, an empty line, nothing more', 'please call me back 0171 5550199', '10:40', '')
}

/** RFC 5322 section 2.1.1 allows 998 characters. */
function longLine(): SampleMail {
  return extreme('long-line', 'one line of 40 KB', 'Stack trace', '10:50', `${'at frame (app.js:1:1) '.repeat(1900)}\n`)
}

function noFinalLineEnd(): SampleMail {
  return extreme(
    'no-final-line-end',
    'the last line has no CRLF',
    'Short question',
    '11:00',
    'Are you open on Saturday?',
  )
}

function extreme(name: string, description: string, subject: string, time: string, body: string): SampleMail {
  const fields = letter('Sam Field <sam@field.example>', subject, `2026-11-04 ${time}:00`, `${name}@field.example`)
  return mail(name, description, fields, text(body, 'us-ascii', '7bit'))
}
