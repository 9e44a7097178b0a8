/** Takes messages out of the inbox: deletes them, or moves them to a folder. */
import { z } from 'zod'

import { MailchuteError } from '../../errors.ts'
import type { Setting } from '../connection.ts'
import { type Ask, type Graph, NotThere } from './graph.ts'
import { pathOf } from './message.ts'

export interface Removal {
  readonly uniqueIds: readonly string[]
  readonly inboxId: string
  /** Hears of each message that was not there any more. */
  readonly onMissing: () => void
}

/**
 * Resolves when all are gone from the inbox. One that the server will not
 * remove stops no other, and is the failure in the end. Any other failure ends it at once, with some of them removed:
 * the next list tells which.
 */
export async function removeMessages(
  graph: Graph,
  setting: Setting,
  { uniqueIds, inboxId, onMissing }: Removal,
): Promise<void> {
  const { moveTo } = setting.mailbox
  if (uniqueIds.length === 0) return
  const destinationId = moveTo === null ? null : await folderFor(graph, moveTo)
  if (destinationId === inboxId) throw toInbox(setting)
  let refused: MailchuteError | null = null
  let failed: unknown = null
  const remove = async (uniqueId: string) => {
    if (failed !== null) return
    try {
      await graph.answer(removal(uniqueId, destinationId), ({ read }) => read(() => undefined))
    } catch (error) {
      if (error instanceof NotThere) onMissing()
      else if (error instanceof MailchuteError && error.code === 'source/message-refused') refused ??= error
      else failed ??= error
    }
  }
  await Promise.all(uniqueIds.map(remove))
  if (failed !== null || refused !== null) throw failed ?? refused
}

function removal(uniqueId: string, destinationId: string | null): Ask {
  const at = pathOf(uniqueId)
  if (destinationId === null) return { verb: 'delete', method: 'DELETE', about: 'message', at }
  return { verb: 'move', method: 'POST', about: 'message', at: `${at}/move`, body: { destinationId } }
}

/** By the name that people see, at the top of the mailbox; else a name that Graph itself knows; else it is made. */
async function folderFor(graph: Graph, name: string): Promise<string> {
  const existing = await folderNamed(graph, name)
  if (existing !== null) return existing
  if (WELL_KNOWN.has(name.toLowerCase())) return name.toLowerCase()
  const body = { displayName: name }
  const made = graph.json({ verb: 'make folder', method: 'POST', about: 'mailbox', at: '/mailFolders', body }, folder)
  return made.then(
    ({ id }) => id,
    async (error: unknown) => {
      // Another session may have made it just now.
      const others = await folderNamed(graph, name)
      if (others === null) throw error
      return others
    },
  )
}

/** Those of Microsoft's well-known folder names that are a place for mail that is done with. */
const WELL_KNOWN = new Set(['archive', 'deleteditems', 'junkemail', 'recoverableitemsdeletions'])

export const folder = z.object({ id: z.string().min(1), displayName: z.string().optional() })
const folders = z.object({ value: z.array(folder), '@odata.nextLink': z.string().optional() })
/** No mailbox has more at its top. */
const FOLDER_PAGES = 100

async function folderNamed(graph: Graph, name: string): Promise<string | null> {
  let at: string | URL = '/mailFolders?$top=100&$select=id,displayName'
  for (let pages = 0; pages < FOLDER_PAGES; pages++) {
    const page: z.infer<typeof folders> = await graph.json(
      { verb: 'folders', method: 'GET', about: 'mailbox', at },
      folders,
    )
    const found = page.value.find(({ displayName }) => displayName?.toLowerCase() === name.toLowerCase())
    if (found !== undefined) return found.id
    if (page['@odata.nextLink'] === undefined) return null
    at = graph.link(page['@odata.nextLink'])
  }
  return null
}

/** What is moved to where it came from would be listed for ever. */
function toInbox({ failures }: Setting): MailchuteError {
  return failures.failure('config/invalid', 'moveTo names the inbox itself', { verb: 'move' })
}
