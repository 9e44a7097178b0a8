/** One message: its octets, and what tells that it is still the same. */
import { createHash } from 'node:crypto'
import { z } from 'zod'

import type { Setting } from '../connection.ts'
import { OctetDigest } from '../octet-digest.ts'
import type { OctetSink, RetrievedMessage } from '../source.ts'
import type { Graph } from './graph.ts'
import type { InboxMessage, Properties } from './inbox.ts'

/** Its MIME, which the server makes anew at each request ($value). */
export function downloadMessage(
  graph: Graph,
  { mailbox, failures }: Setting,
  uniqueId: string,
  sink: OctetSink,
): Promise<Omit<RetrievedMessage, 'headerSha256'>> {
  const verb = 'download'
  const { maxMessageBytes } = mailbox
  const tooLarge = (octets: string) =>
    failures.failure('source/message-too-large', `${octets} octets, more than the ${maxMessageBytes} allowed`, { verb })
  const at = `${pathOf(uniqueId)}/$value`
  return graph.answer({ verb, method: 'GET', about: 'message', at }, async ({ headers, read }) => {
    const announced = Number(headers['content-length'] ?? 0)
    if (announced > maxMessageBytes) throw tooLarge(String(announced))
    const digest = new OctetDigest()
    await read((octets) => {
      const soFar = digest.sizeBytes + octets.length
      if (soFar > maxMessageBytes) throw tooLarge(`at least ${soFar}`)
      digest.update(octets)
      return sink(octets)
    })
    if (digest.sizeBytes === 0) throw failures.failure('source/message-empty', 'no octets', { verb })
    const { sizeBytes, sha256 } = digest.finish()
    return { sizeBytes, sha256 }
  })
}

/** Digest of what identifies it, for its octets do not: the same mail has others at each request. */
export async function identityDigest(graph: Graph, message: InboxMessage): Promise<string> {
  const { internetMessageId, receivedDateTime } = await propertiesOf(graph, message)
  const received = Date.parse(receivedDateTime)
  const identity = [message.uniqueId, internetMessageId, Number.isNaN(received) ? receivedDateTime : received]
  return createHash('sha256').update(JSON.stringify(identity)).digest('hex')
}

export async function receivedAt(graph: Graph, message: InboxMessage): Promise<Date | null> {
  const at = Date.parse((await propertiesOf(graph, message)).receivedDateTime)
  return Number.isNaN(at) ? null : new Date(at)
}

/** In the inbox and nowhere else: somebody may have put it elsewhere meanwhile. */
export const pathOf = (uniqueId: string) => `/mailFolders/inbox/messages/${encodeURIComponent(uniqueId)}`

async function propertiesOf(graph: Graph, { uniqueId, properties }: InboxMessage): Promise<Properties> {
  if (properties !== null) return properties
  const at = `${pathOf(uniqueId)}?$select=internetMessageId,receivedDateTime`
  const told = await graph.json({ verb: 'look', method: 'GET', about: 'message', at }, form)
  return { internetMessageId: told.internetMessageId ?? '', receivedDateTime: told.receivedDateTime ?? '' }
}

const form = z.object({ internetMessageId: z.string().nullish(), receivedDateTime: z.string().nullish() })
