/** What has to be known of a mailbox, asked on a terminal. Each answer is held against the readers of settings at once. */
import { type Answers, isMicrosoft } from './answers.ts'
import { askLogin } from './ask-login.ts'
import { type Asking, needed, problemWith, UNASKED } from './asking.ts'
import { nameOf } from './draft.ts'
import { type Kind, kindOf, mailboxNameOf, serverOf } from './guess.ts'
import type { Choice } from './prompt.ts'

/** `name`: given on the command line. */
export async function askAll(asking: Asking, name: string | undefined): Promise<Answers> {
  const address = await askAddress(asking)
  const kind = await askKind(asking, address)
  const place = await askPlace(asking, { ...UNASKED, address, kind })
  const known = { ...UNASKED, address, kind, ...place }
  const login = await askLogin(asking, known)
  const afterwards = await askAfterwards(asking, { ...known, ...login })
  const answers = { ...known, ...login, ...afterwards }
  return { ...answers, name: name ?? (await askName(asking, answers)) }
}

function askAddress(asking: Asking): Promise<string> {
  const check = (address: string) =>
    /^[^@\s]+@[^@\s]+$/.test(address)
      ? problemWith(asking, { ...UNASKED, address, kind: 'outlook', login: 'person' })
      : 'write it whole, as support@example.com'
  return asking.prompt.text('Address of the mailbox', asking.before.address ?? '', check, 'support@example.com')
}

const KINDS: readonly Choice<Kind>[] = [
  { value: 'outlook', label: 'Outlook.com, Hotmail, Live', hint: 'a personal Microsoft account, by OAuth' },
  { value: 'microsoft-365', label: 'Microsoft 365', hint: 'Exchange Online, by OAuth' },
  { value: 'gmail', label: 'Gmail or Google Workspace' },
  { value: 'imap', label: 'another server over IMAP' },
  { value: 'pop3', label: 'another server over POP3' },
]

function askKind({ prompt, before }: Asking, address: string): Promise<Kind> {
  return prompt.choose('Where is it?', KINDS, before.kind ?? kindOf(address) ?? 'imap')
}

type Place = Pick<Answers, 'protocol' | 'place' | 'encryption' | 'user'>

async function askPlace(asking: Asking, known: Answers): Promise<Place> {
  const { prompt, before } = asking
  const { kind, address } = known
  if (kind === 'imap' || kind === 'pop3') return askServer(asking, { ...known, protocol: kind })
  const protocol = await prompt.choose('How is it read?', protocolsOf(kind), before.protocol ?? 'pop3')
  if (kind === 'outlook' && protocol !== 'graph') {
    prompt.say(
      'POP and IMAP are off in a new mailbox: outlook.com, Settings, Mail, Forwarding and IMAP,\n"Let devices and apps use POP" (or IMAP).',
    )
  }
  return { protocol, place: '', encryption: 'tls', user: address }
}

const PROTOCOLS: readonly Choice<Answers['protocol']>[] = [
  { value: 'pop3', label: 'POP3', hint: 'the inbox only' },
  { value: 'imap', label: 'IMAP', hint: 'can move mail to a folder' },
  { value: 'graph', label: 'Microsoft Graph', hint: 'where POP and IMAP are switched off' },
]

const protocolsOf = (kind: Kind) => (isMicrosoft(kind) ? PROTOCOLS : PROTOCOLS.filter(({ value }) => value !== 'graph'))

async function askServer(asking: Asking, known: Answers & { protocol: 'imap' | 'pop3' }): Promise<Place> {
  const { prompt, before } = asking
  const { protocol, address } = known
  const check = (place: string) => needed(place) ?? problemWith(asking, { ...known, place })
  const guess = before.place || serverOf(address, protocol)
  const port = protocol === 'imap' ? 993 : 995
  const place = await prompt.text(`Server (its port, where it is not ${port}, after a colon)`, guess, check)
  const encryption = await prompt.choose(
    'Encryption',
    encryptionsFor(asking, { ...known, place }),
    before.encryption ?? 'tls',
  )
  const user = await prompt.text(
    'User name',
    before.user || address,
    (written) => needed(written) ?? problemWith(asking, { ...known, place, encryption, user: written }),
  )
  return { protocol, place, encryption, user }
}

const ENCRYPTIONS: readonly Choice<Answers['encryption']>[] = [
  { value: 'tls', label: 'TLS from the start' },
  { value: 'stls', label: 'STARTTLS', hint: 'required: never a downgrade' },
  { value: 'plain', label: 'none', hint: 'this machine only' },
]

const encryptionsFor = (asking: Asking, known: Answers) =>
  ENCRYPTIONS.filter(({ value }) => problemWith(asking, { ...known, encryption: value }) === undefined)

type Afterwards = Pick<Answers, 'afterwards' | 'keepFor' | 'folder'>

async function askAfterwards(asking: Asking, known: Answers): Promise<Afterwards> {
  const { prompt, before } = asking
  const choices = AFTERWARDS.filter(({ value }) => value !== 'move' || known.protocol !== 'pop3')
  const initial = choices.find(({ value }) => value === before.afterwards)?.value ?? 'keep'
  const afterwards = await prompt.choose(
    'What becomes of mail on the server, once it is stored here?',
    choices,
    initial,
  )
  let { keepFor, folder } = { ...UNASKED, ...before }
  if (afterwards === 'keep') {
    keepFor = await prompt.text(
      'Kept for',
      keepFor,
      (written) => needed(written) ?? problemWith(asking, { ...known, afterwards, keepFor: written }),
    )
  }
  if (afterwards === 'move') folder = await prompt.text('Folder', folder, needed)
  return { afterwards, keepFor, folder }
}

const AFTERWARDS: readonly Choice<Answers['afterwards']>[] = [
  {
    value: 'keep',
    label: 'It is deleted some days later',
    hint: 'then a database restored from a backup has lost nothing',
  },
  { value: 'delete', label: 'It is deleted at once', hint: 'its exact octets are committed to the database before' },
  { value: 'move', label: 'It is moved to a folder', hint: 'at once; you empty that folder' },
  { value: 'leave', label: 'It stays there', hint: 'nothing is ever deleted: for a trial' },
]

function askName(asking: Asking, known: Answers): Promise<string> {
  const check = (name: string) => {
    if (nameOf(name) === null) return 'write letters or digits'
    return problemWith(asking, { ...known, name })
  }
  return asking.prompt.text('Name of the mailbox here', asking.before.name ?? mailboxNameOf(known.address), check)
}
