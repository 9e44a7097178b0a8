/** What is IMAP's own, with Dovecot; other clients are imapflow itself. */
import { ImapFlow } from 'imapflow'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'

import type { Account } from '../../../src/config.ts'
import { imap } from '../../../src/source/imap/session.ts'
import type { MailSession, RemoteMessage } from '../../../src/source/source.ts'
import { DOVECOT_PASSWORD, type Dovecot, startDovecot } from '../../support/dovecot.ts'
import { mail } from '../../support/mails.ts'

let dovecot: Dovecot
beforeAll(async () => {
  dovecot = await startDovecot()
}, 300_000)
afterAll(() => dovecot[Symbol.asyncDispose]())

let users = 0

async function filled(ids: readonly string[]): Promise<string> {
  users += 1
  const user = `user-${users}`
  await dovecot.deliver(
    user,
    ids.map((id) => mail({ id })),
  )
  return user
}

function open(user: string, settings: Partial<Account> = {}): Promise<MailSession> {
  return imap(dovecot.mailbox(user, settings.security ?? 'plain', { protocol: 'imap', ...settings }))(
    new AbortController().signal,
  )
}

/** Another client at the same folder. */
async function other<T>(user: string, act: (client: ImapFlow) => Promise<T>, folder = 'INBOX'): Promise<T> {
  const { host, ports } = dovecot
  const auth = { user, pass: DOVECOT_PASSWORD }
  const client = new ImapFlow({ host, port: ports.imap, secure: false, doSTARTTLS: false, auth, logger: false })
  await client.connect()
  try {
    await client.mailboxOpen(folder)
    return await act(client)
  } finally {
    await client.logout()
  }
}

const flagsOf = (user: string) =>
  other(user, async (client) =>
    (await client.fetchAll('1:*', { flags: true })).map(({ flags }) =>
      [...(flags ?? [])].filter((f) => f !== '\\Recent'),
    ),
  )

async function subjectOf(session: MailSession, message: RemoteMessage): Promise<string | undefined> {
  let text = ''
  await session.retrieve(message, (octets) => {
    text += octets.toString()
    return undefined
  })
  return /^Subject: About (.*)\r$/m.exec(text)?.[1]
}

function existing<T>(value: T | undefined): T {
  if (value === undefined) throw new Error('it is not there')
  return value
}

describe('the login', () => {
  test('with a wrong password is refused, and the error does not hold it (I9)', async () => {
    const credentials = { kind: 'password', password: 'wrong-and-secret' } as const
    const error = await open('anna', { security: 'tls', credentials }).catch((thrown: unknown) => thrown)
    expect(error).toMatchObject({ code: 'source/credentials-refused' })
    expect(String(error) + JSON.stringify(error)).not.toContain('wrong-and-secret')
  })

  test('with an expired token is refused by a challenge (RFC 7628 section 3.2.3)', async () => {
    const token = dovecot.accessToken('anna', -60)
    const error = await open('anna', { security: 'tls', credentials: { kind: 'access-token', token } }).catch(
      (thrown: unknown) => thrown,
    )
    expect(error).toMatchObject({ code: 'source/credentials-refused' })
    expect(String(error) + JSON.stringify(error)).not.toContain(token.slice(0, 40))
  })

  test.each(['tls', 'stls'] as const)('does not trust a server without its authority, over %s', async (security) => {
    await expect(open('anna', { security, ca: null })).rejects.toMatchObject({ code: 'source/tls-untrusted' })
  })

  test('to a folder that is not there says which, and what there is', async () => {
    const user = await filled([])
    await other(user, (client) => client.mailboxCreate('Kundendienst Köln'))
    const error: unknown = await open(user, { folder: 'Support' }).catch((thrown: unknown) => thrown)
    expect(error).toMatchObject({ code: 'source/folder-missing' })
    expect(String(error)).toMatch(/no folder 'Support'; there are 'INBOX', 'Kundendienst Köln'/)
    await using session = await open(user, { folder: 'Kundendienst Köln' })
    expect(await session.list()).toEqual([])
  })
})

describe('what others do and see', () => {
  test('a download does not set \\Seen (BODY.PEEK), nor does a look at header and date', async () => {
    const user = await filled(['a', 'b'])
    await using session = await open(user)
    for (const message of await session.list()) {
      await subjectOf(session, message)
      await session.headerDigest(message)
      expect(await session.receivedAt(message)).toBeInstanceOf(Date)
    }
    expect(await flagsOf(user)).toEqual([[], []])
  })

  test('what another client has marked \\Deleted stays, and stays marked (RFC 4315)', async () => {
    const user = await filled(['theirs', 'ours', 'kept'])
    await using session = await open(user)
    const messages = await session.list()
    await other(user, (client) => client.messageFlagsAdd('1', ['\\Deleted']))
    await session.markDeleted(existing(messages[1]))
    await session.commit()
    expect(await flagsOf(user)).toEqual([['\\Deleted'], []])
    await using after = await open(user)
    const left = await Promise.all((await after.list()).map((message) => subjectOf(after, message)))
    expect(left).toEqual(['theirs', 'kept'])
  })

  test('what is marked is not so on the server before commit', async () => {
    const user = await filled(['a'])
    await using session = await open(user)
    await session.markDeleted(existing((await session.list())[0]))
    expect(await flagsOf(user)).toEqual([[]])
  })

  test('a message that another client removes after the list is refused, and the others go on (I6)', async () => {
    const user = await filled(['a', 'gone', 'c'])
    await using session = await open(user)
    const messages = await session.list()
    await other(user, (client) => client.messageDelete('2'))
    const outcomes = await Promise.allSettled(messages.map((message) => subjectOf(session, message)))
    expect(outcomes).toMatchObject([{ value: 'a' }, { reason: { code: 'source/message-refused' } }, { value: 'c' }])
    expect(await session.headerDigest(existing(messages[1]))).toBeNull()
    await Promise.all(messages.map((message) => session.markDeleted(message)))
    await session.commit()
    expect(await dovecot.files(user)).toEqual([])
  })

  test('a message without octets is an error of its own', async () => {
    const user = await filled(['a'])
    await dovecot.deliver(user, [Buffer.alloc(0)])
    await using session = await open(user)
    const [first, empty] = await session.list()
    await expect(session.retrieve(existing(empty), () => undefined)).rejects.toMatchObject({
      code: 'source/message-empty',
    })
    expect(await subjectOf(session, existing(first))).toBe('a')
  })

  test('is never touched where nothing is to be deleted: the folder is opened for reading (EXAMINE)', async () => {
    const user = await filled(['a'])
    await using session = await open(user, { deleteAfterSeconds: null })
    expect(await session.list()).toHaveLength(1)
    const recent = await other(user, (client) => client.status('INBOX', { messages: true }))
    expect(recent).toMatchObject({ messages: 1 })
  })
})

describe('moveTo', () => {
  test('moves instead of deleting, and makes the folder where it is missing (RFC 6851)', async () => {
    const user = await filled(['a', 'b', 'c'])
    for (const [index, moved] of [2, 1].entries()) {
      await using session = await open(user, { moveTo: 'Processed' })
      for (const message of (await session.list()).slice(0, moved)) await session.markDeleted(message)
      await session.commit()
      expect(await dovecot.files(user)).toHaveLength(index === 0 ? 1 : 0)
    }
    expect(await dovecot.files(user, 'Processed')).toHaveLength(3)
    await using processed = await open(user, { folder: 'Processed' })
    const subjects = await Promise.all((await processed.list()).map((message) => subjectOf(processed, message)))
    expect(subjects).toEqual(['a', 'b', 'c'])
  })

  test('to a folder that cannot be made leaves everything where it is', async () => {
    const user = await filled(['a'])
    await using session = await open(user, { moveTo: 'INBOX/./..' })
    for (const message of await session.list()) await session.markDeleted(message)
    await expect(session.commit()).rejects.toMatchObject({ code: 'source/message-refused' })
    expect(await dovecot.files(user)).toHaveLength(1)
  })
})

test('a UIDVALIDITY that is another makes all unique-ids new (RFC 3501 section 2.3.1.1)', async () => {
  const user = await filled(['a', 'b'])
  const idsOf = async () => {
    await using session = await open(user)
    return (await session.list()).map(({ uniqueId }) => uniqueId)
  }
  const before = await idsOf()
  await dovecot.makeUidsAnew(user)
  const after = await idsOf()
  expect(before.concat(after).every((id) => /^\d+:\d+$/.test(id))).toBe(true)
  expect(new Set([...before, ...after]).size).toBe(4)
})
