import { describe, expect, test } from 'vitest'
import { classified, letter, of } from './mail.ts'

/** As Exchange, Gmail, Zimbra, Lotus and others write them. */
const ANSWERING_PROGRAMS = [
  ...['Automatic reply: Help', 'Automatische Antwort: Hilfe', 'Réponse automatique : x', 'Respuesta automática: x'],
  ...[
    'Risposta automatica: x',
    'Resposta automática: x',
    'Autosvar: x',
    'Automatiskt svar: x',
    'Automatisch antwoord: x',
  ],
  ...['Odpowiedź automatyczna: x', 'Automatická odpověď: x', 'Автоматический ответ: x', '自動応答: x', '自动答复: x'],
  ...[
    'Out of Office AutoReply: x',
    'AUTO: Jo is out of the office (returning 05/01)',
    '[Auto-Reply] x',
    'Abwesenheitsnotiz: Hilfe',
  ],
  ...['Re: Help (Automatic Response)', 'Otomatik yanıt: x', 'Automaattinen vastaus: x', 'Automatikus válasz: x'],
]

/** As persons write them, too. */
const DOUBTFUL = [
  'Out of Office',
  'OOO: next week',
  'OOF: away',
  'Out of office: Help',
  'Fuera de la oficina: x',
  'Abwesend: x',
]

describe('an auto-reply, which gets no ticket', () => {
  test.each(ANSWERING_PROGRAMS)('is what a program began with: %s', (subject) => {
    expect(of('', { subject })).toEqual({ reason: 'auto-reply/subject', kind: 'auto-reply', mayAnswer: false })
  })

  test.each(DOUBTFUL)('is not what a person may have begun with: %s', (subject) => {
    expect(of('', { subject })).toEqual({ reason: 'no-answer/absence', kind: 'personal', mayAnswer: false })
  })

  test.each(DOUBTFUL)('is that beside the mark of a machine: %s', (subject) => {
    for (const mark of ['Return-Path: <>', 'Precedence: bulk', 'Auto-Submitted: auto-generated']) {
      expect(of(mark, { subject })).toEqual({ reason: 'auto-reply/absence', kind: 'auto-reply', mayAnswer: false })
    }
  })

  test('is a note of Exchange in a language that nobody foresaw, by its header', () => {
    const header =
      'In-Reply-To: <a@desk.example>\nAuto-Submitted: auto-generated\nX-Auto-Response-Suppress: All\nX-MS-Exchange-Generated-Message-Source: Mailbox Rules Agent'
    expect(of(header, { subject: 'Sjálfkrafa: x' }).kind).toBe('auto-reply')
  })

  test('is an answer sent as machines send, by its first sentence', () => {
    const text = 'Hello,\nI am out of the office until Monday.\n'
    expect(of('Auto-Submitted: auto-generated\nIn-Reply-To: <a@desk.example>', { text }).reason).toBe(
      'auto-reply/absence',
    )
    expect(of('Auto-Submitted: auto-generated', { text }).reason).toBe('notification/auto-submitted')
    expect(of('In-Reply-To: <a@desk.example>', { text }).reason).toBe('kind/none')
    expect(of('In-Reply-To: <a@desk.example>\nX-Auto-Response-Suppress: All', { text }).kind).toBe('personal')
  })

  test('begins with Auto: only if it answers something as machines do (section 3.1.5)', () => {
    expect(of('', { subject: 'Auto: parts' }).reason).toBe('kind/none')
    expect(of('In-Reply-To: <a@b>', { subject: 'Auto: parts' }).reason).toBe('no-answer/absence')
    expect(of('In-Reply-To: <a@b>\nReturn-Path: <>', { subject: 'Auto: parts' }).reason).toBe('auto-reply/subject')
  })

  test('is not what a ticket system sends in the name of a person, though it is an answer', () => {
    const header = 'Auto-Submitted: auto-generated\nX-Auto-Response-Suppress: All\nIn-Reply-To: <a@desk.example>'
    expect(of(header, { subject: 'Re: [Ticket#12] Help' }).kind).toBe('notification')
  })

  test('names the mails that it answers, the nearest first', async () => {
    const mail = letter('Auto-Submitted: auto-replied\nIn-Reply-To: <b@x>\nReferences: <root@x> <a@x> <b@x>')
    expect((await classified(mail)).reportsOn).toEqual(['<b@x>', '<a@x>', '<root@x>'])
  })
})
