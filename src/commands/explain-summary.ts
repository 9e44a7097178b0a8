import type { Address, ParsedMessage } from '../message/parsed-message.ts'
import type { Explained } from './explain.ts'
import { ruledRows } from './explain-ruling.ts'

const TEXT_LINES = 5
const LINE_CHARS = 100

/** One mail for people: a few lines, safe to show on a terminal whatever the mail holds. */
export function summary({ file, sizeBytes, error, message, ruled }: Explained): string {
  if (message === null)
    return lines([
      ['file', file],
      ['error', `${error?.message} (${error?.code})`],
    ])
  return lines([
    ['file', `${file} (${sizeBytes} octets)`],
    ['subject', message.subject],
    ['from', addresses(message.from)],
    ['to', addresses([...message.to, ...message.cc])],
    ['date', message.date ?? ''],
    ['message-id', message.messageId ?? ''],
    ['attachments', attachments(message)],
    ['defects', message.defects.join(', ')],
    ...ruledRows(ruled),
    ['text', excerpt(message.text ?? '')],
  ])
}

function lines(rows: readonly (readonly [string, string])[]): string {
  const shown = rows.filter(([, value]) => value !== '')
  return shown.map(([name, value]) => `${name.padEnd(12)} ${printable(value)}\n`).join('')
}

const addresses = (list: readonly Address[]): string =>
  list
    .slice(0, 5)
    .map(({ name, address }) => (name === '' ? address : `${name} <${address}>`))
    .join(', ')

const attachments = ({ attachments }: ParsedMessage): string =>
  attachments
    .slice(0, 10)
    .map(({ filename, contentType, sizeBytes }) => `${filename ?? contentType} (${sizeBytes} octets)`)
    .join(', ')

const excerpt = (text: string): string =>
  text
    .slice(0, 10_000)
    .split('\n')
    .filter((line) => line.trim() !== '')
    .slice(0, TEXT_LINES)
    .map((line) => line.slice(0, LINE_CHARS))
    .join(' / ')

/** Control characters could drive the terminal; format characters could turn the line around. */
const printable = (value: string): string => value.replace(/[\p{Cc}\p{Cf}]/gu, '\ufffd').slice(0, 600)
