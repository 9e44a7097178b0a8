/** A mailbox as Microsoft Graph shows it: folders, messages with two kinds of ids, and what changed in each folder. */
import { randomBytes } from 'node:crypto'

export interface GraphFolder {
  readonly id: string
  /** Microsoft's own name, where it has one; its people may call it something else. */
  readonly wellKnown: string | null
  readonly displayName: string
}

export interface GraphItem {
  /** Case-sensitive; stays in every folder of the mailbox. */
  readonly immutableId: string
  /** Another one in each folder. */
  id: string
  folder: GraphFolder
  readonly internetMessageId: string
  readonly receivedDateTime: string
  /** Made anew at each request. */
  readonly mime: () => Iterable<Buffer>
}

/** One line of a delta answer: a message as it is now, or null: it is not in the folder any more. */
export interface Change {
  readonly immutableId: string
  readonly id: string
  readonly item: GraphItem | null
}

export interface GraphMailbox {
  readonly folders: GraphFolder[]
  readonly items: Map<string, GraphItem>
  folder(nameOrId: string): GraphFolder | undefined
  addFolder(displayName: string): GraphFolder
  deliver(mime: GraphItem['mime'], internetMessageId: string): GraphItem
  find(id: string): GraphItem | undefined
  move(item: GraphItem, to: GraphFolder): void
  /** From anywhere to Deleted Items, and from there for good. */
  remove(item: GraphItem): void
  inFolder(nameOrId: string): GraphItem[]
  /** Marks it as read or the like: a change that says nothing new. */
  touch(item: GraphItem): void
  /** How far the changes of all folders have come. */
  position(): number
  /** Of one folder since then, each message once; nothing of one that has come and gone in between. */
  changesSince(position: number, folder: GraphFolder): Change[]
}

const FIRST_RECEIVED = Date.UTC(2026, 10, 2, 9)
const opaque = (bytes: number) => randomBytes(bytes).toString('base64url')

export function createGraphMailbox(): GraphMailbox {
  const made = (displayName: string, wellKnown: string | null): GraphFolder => ({
    id: `AQMk${opaque(60)}=`,
    wellKnown,
    displayName,
  })
  const folders = [made('Inbox', 'inbox'), made('Archive', 'archive'), made('Deleted Items', 'deleteditems')]
  const items = new Map<string, GraphItem>()
  const log: {
    readonly folder: GraphFolder
    readonly immutableId: string
    readonly id: string
    readonly isEntry: boolean
  }[] = []
  let delivered = 0

  const folder = (nameOrId: string) =>
    folders.find(({ id, wellKnown }) => id === nameOrId || wellKnown === nameOrId.toLowerCase())
  const wellKnown = (name: string): GraphFolder => folder(name) ?? made(name, name)
  const note = (item: GraphItem, isEntry: boolean) =>
    log.push({ folder: item.folder, immutableId: item.immutableId, id: item.id, isEntry })
  const leave = (item: GraphItem) => {
    note(item, false)
    items.delete(item.immutableId)
  }
  const move = (item: GraphItem, to: GraphFolder) => {
    leave(item)
    item.folder = to
    item.id = `AAMk${opaque(80)}=`
    items.set(item.immutableId, item)
    note(item, true)
  }
  return {
    folders,
    items,
    folder,
    addFolder: (displayName) => {
      const added = made(displayName, null)
      folders.push(added)
      return added
    },
    deliver: (mime, internetMessageId) => {
      const item: GraphItem = {
        immutableId: `AAkA${opaque(80)}=`,
        id: `AAMk${opaque(80)}=`,
        folder: wellKnown('inbox'),
        internetMessageId,
        receivedDateTime: new Date(FIRST_RECEIVED + 1_000 * delivered++).toISOString().replace('.000Z', 'Z'),
        mime,
      }
      items.set(item.immutableId, item)
      note(item, true)
      return item
    },
    find: (id) => items.get(id) ?? [...items.values()].find((item) => item.id === id),
    move,
    remove: (item) => (item.folder.wellKnown === 'deleteditems' ? leave(item) : move(item, wellKnown('deleteditems'))),
    inFolder: (nameOrId) => [...items.values()].filter((item) => item.folder === folder(nameOrId)),
    touch: (item) => void note(item, true),
    position: () => log.length,
    changesSince: (position, of) => {
      const since = log.slice(position).filter((line) => line.folder === of)
      const last = new Map(since.map((line) => [line.immutableId, line]))
      const wasThere = ({ immutableId }: { immutableId: string }) =>
        log.slice(0, position).findLast((line) => line.folder === of && line.immutableId === immutableId)?.isEntry
      return [...last.values()].flatMap((line): Change[] => {
        const item = items.get(line.immutableId)
        if (item?.folder === of) return [{ ...line, item }]
        return wasThere(line) ? [{ ...line, item: null }] : []
      })
    },
  }
}
