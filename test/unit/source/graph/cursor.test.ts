import { expect, test } from 'vitest'

import { cursorText, readCursor } from '../../../../src/source/graph/cursor.ts'
import { graphAccount } from '../../../support/graph-account.ts'

const ACCOUNT = graphAccount('https://graph.contoso.example/v1.0')
const FULL_AT = new Date('2026-11-02T09:00:00Z')
const CURSOR = { deltaLink: 'https://graph.contoso.example/v1.0/delta?$deltatoken=x', fullAt: FULL_AT }
const TEXT = cursorText(ACCOUNT, CURSOR)
const hoursLater = (hours: number) => new Date(FULL_AT.getTime() + hours * 3_600_000)

test('a cursor is read as it was written', () => {
  expect(readCursor(TEXT, ACCOUNT, hoursLater(1))).toEqual(CURSOR)
})

test.each([
  ['its last full pass is a day ago', TEXT, ACCOUNT, hoursLater(24)],
  ['the clock was set back, so nobody knows how old it is', TEXT, ACCOUNT, hoursLater(-1)],
  ['it is of another mailbox', TEXT, { ...ACCOUNT, user: 'sales@contoso.example' }, hoursLater(1)],
  ['it is of another server', TEXT, { ...ACCOUNT, endpoint: 'https://graph.microsoft.us/v1.0' }, hoursLater(1)],
  ['there is none', null, ACCOUNT, hoursLater(1)],
  ['it is no JSON', 'https://graph.contoso.example/', ACCOUNT, hoursLater(1)],
  ['it is JSON of something else', '{"deltaLink": 1}', ACCOUNT, hoursLater(1)],
])('a full pass is due where %s', (_, text, account, now) => {
  expect(readCursor(text, account, now)).toBeNull()
})
