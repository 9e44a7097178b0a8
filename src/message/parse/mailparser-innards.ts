import type { MailParser } from 'mailparser'

/** What is not in mailparser's types and is reached for all the same. The version is pinned. */
export function hasInnards(parser: MailParser): parser is MailParser & Innards {
  if (!('processChunk' in parser && typeof parser.processChunk === 'function' && 'splitter' in parser)) return false
  const { splitter } = parser
  return typeof splitter === 'object' && splitter !== null && INNARDS.every((name) => name in splitter)
}

const INNARDS = ['node', 'newNode', 'checkBoundary', 'checkHeadSize', 'takePendingLine', 'pendingLineTruncated']

interface Innards {
  processChunk: (chunk: SplitterChunk | SplitterNode, done: (error?: unknown) => void) => void
  readonly splitter: Splitter
}

export interface SplitterChunk {
  readonly type: 'body' | 'data'
  readonly node: SplitterNode
  readonly value?: Buffer
}

export interface SplitterNode {
  readonly type: 'node'
  readonly parentNode: SplitterNode | false
  headers: unknown
  multipart: string | false
  _boundary: Buffer | false
  _headersLines: Buffer[]
  _headerlen: number
  parseHeaders: () => void
  addHeaderChunk: (line: Buffer) => boolean
}

export interface Splitter {
  node: SplitterNode
  lineLength: number
  newNode: (parent?: SplitterNode | false) => void
  checkBoundary: (line: Buffer) => 1 | 2 | 3 | 4 | false
  checkHeadSize: (pendingOctets?: number) => null
  takePendingLine: () => Buffer | false
  pendingLineTruncated: boolean
  push: (chunk: SplitterChunk | SplitterNode) => void
}
