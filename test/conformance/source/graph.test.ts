import { describe, expect, test } from 'vitest'

import { graph } from '../../../src/source/graph/session.ts'
import type { MailSession, Remembered } from '../../../src/source/source.ts'
import { type Certificate, makeCertificate } from '../../support/certificate.ts'
import { deliverMail, GRAPH_TOKEN, graphAccount } from '../../support/graph-account.ts'
import { type GraphServer, startGraph } from '../../support/graph-server.ts'
import { mail } from '../../support/mails.ts'
import { describeSource, type SourceServer } from './describe-source.ts'

describeSource('Microsoft Graph in clear text', () => graphSource(null))
describeSource('Microsoft Graph over TLS, by its own authority', async () =>
  graphSource(await makeCertificate('IP:127.0.0.1')),
)

/** The stub's MIME is made anew at each request but always the same, so it is the octets themselves. */
async function graphSource(certificate: Certificate | null): Promise<SourceServer> {
  const server = await startGraph({ pageSize: 2, ...(certificate === null ? {} : { certificate }) })
  return {
    async mailbox(name) {
      const user = `${name}@contoso.example`
      const mailbox = server.mailbox(user)
      return {
        connect: graph(graphAccount(server.endpoint, { user, ca: certificate?.ca ?? null })),
        put: async (messages) => {
          for (const octets of messages) deliverMail(mailbox, octets)
        },
        count: async () => mailbox.inFolder('inbox').length,
        asGiven: (octets) => octets,
        hidesSizes: true,
      }
    },
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  }
}

const USER = 'support@contoso.example'
const NEVER = new AbortController().signal
const [A, B, C] = ['a', 'b', 'c'].map((id) => mail({ id })) as [Buffer, Buffer, Buffer]

/** A session over what the list of another one left behind, as the poll keeps it. */
async function leftBy(session: MailSession | null): Promise<() => Promise<Remembered>> {
  const listed = (await session?.list()) ?? []
  const kept = { cursor: session?.cursor ?? null, present: listed }
  return async () => kept
}

const idsOf = async (session: MailSession) => (await session.list()).map(({ uniqueId }) => uniqueId)
const lists = ({ asked }: GraphServer) => asked.filter(({ verb }) => verb === 'list')

describe('Microsoft Graph', () => {
  test('lists by changes from the second time on, and the list is whole all the same', async () => {
    await using server = await startGraph()
    const mailbox = server.mailbox(USER)
    const [a, b] = [deliverMail(mailbox, A), deliverMail(mailbox, B)]
    const connect = graph(graphAccount(server.endpoint))
    await using first = await connect(NEVER)
    const remembered = await leftBy(first)
    mailbox.remove(a)
    mailbox.touch(b)
    const c = deliverMail(mailbox, C)
    await using second = await connect(NEVER, remembered)
    expect(await idsOf(second)).toEqual([b.immutableId, c.immutableId])
    const [whole, changes] = lists(server)
    expect(whole?.url).not.toContain('deltatoken')
    expect(changes?.url).toContain('deltatoken')
  })

  test('makes a full pass once a day, whatever the changes tell', async () => {
    await using server = await startGraph()
    deliverMail(server.mailbox(USER), A)
    const account = graphAccount(server.endpoint)
    await using first = await graph(account)(NEVER)
    const remembered = await leftBy(first)
    const tomorrow = () => new Date(Date.now() + 25 * 3_600_000)
    await using second = await graph(account, {}, tomorrow)(NEVER, remembered)
    expect(await idsOf(second)).toEqual(await idsOf(first))
    for (const { url } of lists(server)) expect(url).not.toContain('deltatoken')
  })

  test('goes by immutable ids, which stay when a message is moved and comes back', async () => {
    await using server = await startGraph()
    const mailbox = server.mailbox(USER)
    const a = deliverMail(mailbox, A)
    const connect = graph(graphAccount(server.endpoint))
    await using first = await connect(NEVER)
    const [message] = await first.list()
    const digest = message && (await first.headerDigest(message))
    for (const name of ['archive', 'inbox']) {
      const folder = mailbox.folder(name)
      if (folder !== undefined) mailbox.move(a, folder)
    }
    await using second = await connect(NEVER)
    const [again] = await second.list()
    expect(again?.uniqueId).toBe(message?.uniqueId)
    expect(again && (await second.headerDigest(again))).toBe(digest)
  })

  test('gives the same digest of a message whether the list has told it or it has to be asked for', async () => {
    await using server = await startGraph()
    deliverMail(server.mailbox(USER), A)
    const connect = graph(graphAccount(server.endpoint))
    await using first = await connect(NEVER)
    const remembered = await leftBy(first)
    await using second = await connect(NEVER, remembered)
    const [[told], [recalled]] = [await first.list(), await second.list()]
    if (told === undefined || recalled === undefined) throw new Error('nothing is listed')
    expect(await second.headerDigest(recalled)).toBe(await first.headerDigest(told))
    expect(server.asked.filter(({ verb }) => verb === 'look')).toHaveLength(1)
    expect(await second.receivedAt(recalled)).toEqual(new Date('2026-11-02T09:00:00Z'))
  })

  test('moves to a folder that is made when first needed, and to one of whatever spelling', async () => {
    await using server = await startGraph()
    const mailbox = server.mailbox(USER)
    for (const moveTo of ['Processed', 'processed', 'archive']) {
      const item = deliverMail(mailbox, A)
      const session = await graph(graphAccount(server.endpoint, { moveTo }))(NEVER)
      for (const message of await session.list()) await session.markDeleted(message)
      await session.commit()
      expect(item.folder.displayName.toLowerCase()).toBe(moveTo.toLowerCase())
    }
    expect(mailbox.folders.map(({ displayName }) => displayName)).toEqual([
      'Inbox',
      'Archive',
      'Deleted Items',
      'Processed',
    ])
    expect(mailbox.inFolder('inbox')).toEqual([])
  })

  test('does not move to where the message came from', async () => {
    await using server = await startGraph()
    deliverMail(server.mailbox(USER), A)
    const session = await graph(graphAccount(server.endpoint, { moveTo: 'INBOX' }))(NEVER)
    for (const message of await session.list()) await session.markDeleted(message)
    await expect(session.commit()).rejects.toMatchObject({ code: 'config/invalid' })
  })

  test('never asks more than four things at once (limit of an app and a mailbox)', async () => {
    await using server = await startGraph({ pageSize: 100 })
    for (let n = 0; n < 40; n++) deliverMail(server.mailbox(USER), mail({ id: `m${n}`, sizeBytes: 20_000 }))
    const four = Promise.withResolvers<void>()
    server.onAsked(({ verb, nth }) => {
      if (verb === 'download' && nth === 4) four.resolve()
      return verb === 'download' ? four.promise : undefined
    })
    const session = await graph(graphAccount(server.endpoint))(NEVER)
    const messages = await session.list()
    await Promise.all(messages.map((message) => session.retrieve(message, () => undefined)))
    await Promise.all(messages.map((message) => session.markDeleted(message)))
    await session.commit()
    expect(server.mostAtOnce).toBe(4)
    expect(server.mailbox(USER).inFolder('inbox')).toEqual([])
  })

  test('is refused with a wrong token, and the error does not hold it', async () => {
    await using server = await startGraph({ admits: () => 'invalid' })
    server.mailbox(USER)
    const error = await graph(graphAccount(server.endpoint))(NEVER).catch((thrown: unknown) => thrown)
    expect(error).toMatchObject({ code: 'source/credentials-refused' })
    expect(`${String(error)} ${JSON.stringify(error)}`).not.toContain(GRAPH_TOKEN)
  })

  test('is not trusted over TLS without its authority', async () => {
    await using server = await startGraph({ certificate: await makeCertificate('IP:127.0.0.1') })
    await expect(graph(graphAccount(server.endpoint))(NEVER)).rejects.toMatchObject({ code: 'source/tls-untrusted' })
  })
})
