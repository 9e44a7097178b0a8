import { Readable } from 'node:stream'
import { classify } from '../../../../src/message/kind/classify.ts'
import { parse } from '../../../../src/message/parse/parse.ts'

/** What becomes of a mail that is written down as it would be sent, with LF. */
export async function classified(mail: string) {
  return classify(await parse(Readable.from([Buffer.from(mail.replaceAll('\n', '\r\n'))])))
}

/** A letter of Carla's with these header fields instead of, or beside, her own. */
export function letter(fields: string, text = 'Hello,\n\nwhere is my order?\n'): string {
  const own = [
    'From: Carla <carla@example.com>',
    'To: support@desk.example',
    'Subject: Help',
    'Message-ID: <l@example.com>',
  ]
  const given = fields === '' ? [] : fields.split('\n')
  const names = new Set(given.map((line) => line.slice(0, line.indexOf(':')).toLowerCase()))
  const kept = own.filter((line) => !names.has(line.slice(0, line.indexOf(':')).toLowerCase()))
  return `${[...kept, ...given].join('\n')}\n\n${text}`
}

/** RFC 6522: a multipart/report of these parts, each with its own header. */
export function report(fields: string, type: string, parts: readonly string[]): string {
  const contentType = `Content-Type: multipart/report; report-type=${type}; boundary=edge`
  const body = [...parts.map((part) => `--edge\n${part}`), '--edge--\n'].join('\n')
  return letter(`${fields}\nMIME-Version: 1.0\n${contentType}`, body)
}
