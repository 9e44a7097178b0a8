/** A name server over UDP and TCP that answers from a table, rightly or wrongly. */
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { createServer, type Socket } from 'node:net'

export type Answer =
  | { readonly txt: readonly string[] }
  | { readonly a: readonly string[] }
  | { readonly mx: readonly string[] }
  | { readonly ns: readonly string[] }
  | { readonly cname: string }
  /** Nothing at all; SERVFAIL, REFUSED; a wrong length in the record; UDP says that it is too long, TCP has it. */
  | 'silence'
  | 'servfail'
  | 'refused'
  | 'garbage'
  | { readonly truncated: readonly string[] }

/** `name TYPE` in lower case, like `example.com TXT`; a name that is in none of the keys does not exist. */
export type Zone = Record<string, Answer>

export interface DnsServer extends AsyncDisposable {
  /** As `dns.setServers` takes it. */
  readonly address: string
  readonly zone: Zone
  /** All questions so far, as the keys of the zone. */
  readonly questions: readonly string[]
  /** Answers nothing any more, to anybody. */
  isSilent: boolean
}

const TYPES: Record<number, string> = { 1: 'A', 2: 'NS', 5: 'CNAME', 12: 'PTR', 15: 'MX', 16: 'TXT', 28: 'AAAA' }
const CODES = { ok: 0, servfail: 2, nxdomain: 3, refused: 5 }
const TTL_SECONDS = 300

/** The root and com are there, so that it passes for the DNS of the world. */
export async function startDnsServer(zone: Zone = {}): Promise<DnsServer> {
  const questions: string[] = []
  const whole: Zone = { ' NS': { ns: ['a.root-servers.net'] }, ...zone }
  const udp = createSocket('udp4')
  const tcp = createServer((socket) => serveTcp(socket, (query) => reply(query, false)))
  const sockets = new Set<Socket>()
  const server = {
    address: '',
    zone: whole,
    questions,
    isSilent: false,
    [Symbol.asyncDispose]: async () => {
      udp.close()
      for (const socket of sockets) socket.destroy()
      tcp.close()
      await once(tcp, 'close')
    },
  }
  const reply = (query: Buffer, isUdp: boolean): Buffer | null => {
    const asked = questionOf(query)
    questions.push(asked.key)
    return server.isSilent ? null : answerTo(query, asked, whole, isUdp)
  }
  tcp.on('connection', (socket) => sockets.add(socket))
  tcp.listen(0, '127.0.0.1')
  await once(tcp, 'listening')
  const address = tcp.address()
  const port = typeof address === 'object' ? (address?.port ?? 0) : 0
  udp.on('message', (query, { port: to, address: at }) => {
    const answer = reply(query, true)
    if (answer !== null) udp.send(answer, to, at)
  })
  udp.bind(port, '127.0.0.1')
  await once(udp, 'listening')
  server.address = `127.0.0.1:${port}`
  return server
}

function serveTcp(socket: Socket, reply: (query: Buffer) => Buffer | null): void {
  let got = Buffer.alloc(0)
  socket.on('error', () => undefined)
  socket.on('data', (octets) => {
    got = Buffer.concat([got, octets])
    if (got.length < 2 || got.length < 2 + got.readUInt16BE()) return
    const answer = reply(got.subarray(2, 2 + got.readUInt16BE()))
    if (answer !== null) socket.write(Buffer.concat([uint16(answer.length), answer]))
    got = Buffer.alloc(0)
  })
}

interface Asked {
  readonly key: string
  readonly name: string
  /** Where the question ends in the query. */
  readonly end: number
}

function questionOf(query: Buffer): Asked {
  const labels: string[] = []
  let at = 12
  while (query.readUInt8(at) > 0) {
    const length = query.readUInt8(at)
    labels.push(query.toString('latin1', at + 1, at + 1 + length))
    at += 1 + length
  }
  const name = labels.join('.').toLowerCase()
  return { name, key: `${name} ${TYPES[query.readUInt16BE(at + 1)] ?? '?'}`, end: at + 5 }
}

function answerTo(query: Buffer, { name, key, end }: Asked, zone: Zone, isUdp: boolean): Buffer | null {
  const answer = zone[key] ?? zone[`${name} CNAME`]
  const exists = answer !== undefined || Object.keys(zone).some((each) => each.startsWith(`${name} `))
  if (answer === 'silence') return null
  const question = query.subarray(12, end)
  const message = (code: number, records: readonly Buffer[], isTruncated = false) => {
    const header = Buffer.alloc(12)
    header.writeUInt16BE(query.readUInt16BE(0), 0)
    header.writeUInt16BE(0x8180 | code | (isTruncated ? 0x0200 : 0), 2)
    header.writeUInt16BE(1, 4)
    header.writeUInt16BE(records.length, 6)
    return Buffer.concat([header, question, ...records])
  }
  if (answer === undefined) return message(exists ? CODES.ok : CODES.nxdomain, [])
  if (answer === 'servfail' || answer === 'refused') return message(CODES[answer], [])
  if (answer === 'garbage') return message(CODES.ok, [Buffer.from('c00c0010000100000e10ffff41', 'hex')])
  if ('truncated' in answer && isUdp) return message(CODES.ok, [], true)
  return message(CODES.ok, recordsOf(answer))
}

function recordsOf(answer: Exclude<Answer, string>): Buffer[] {
  if ('txt' in answer) return answer.txt.map((text) => record(16, strings(text)))
  if ('truncated' in answer) return answer.truncated.map((text) => record(16, strings(text)))
  if ('a' in answer) return answer.a.map((ip) => record(1, Buffer.from(ip.split('.').map(Number))))
  if ('mx' in answer) return answer.mx.map((host) => record(15, Buffer.concat([uint16(10), labels(host)])))
  if ('ns' in answer) return answer.ns.map((host) => record(2, labels(host)))
  return [record(5, labels(answer.cname))]
}

/** For the name that was asked for, which stands at octet 12. */
function record(type: number, data: Buffer): Buffer {
  const ttl = Buffer.alloc(4)
  ttl.writeUInt32BE(TTL_SECONDS)
  return Buffer.concat([uint16(0xc00c), uint16(type), uint16(1), ttl, uint16(data.length), data])
}

function uint16(value: number): Buffer {
  const octets = Buffer.alloc(2)
  octets.writeUInt16BE(value)
  return octets
}

const labels = (name: string): Buffer =>
  Buffer.concat([
    ...name
      .split('.')
      .filter(Boolean)
      .map((label) => Buffer.from([label.length, ...Buffer.from(label)])),
    Buffer.of(0),
  ])

function strings(text: string): Buffer {
  const pieces = text.match(/[\s\S]{1,255}/g) ?? ['']
  return Buffer.concat(pieces.map((piece) => Buffer.from([piece.length, ...Buffer.from(piece, 'latin1')])))
}
