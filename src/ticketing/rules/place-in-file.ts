import { type Document, isMap, isNode, isScalar, isSeq, type Pair } from 'yaml'

export type Path = readonly PropertyKey[]

export interface Place {
  readonly path: Path
  /** The name there is wrong, not what stands behind it. */
  readonly isKey: boolean
}

/** Where in the text that is; of what is missing, where it should have been. */
export function offsetOf(document: Document, { path, isKey }: Place): number {
  let node: unknown = document.contents
  let offset = startOf(node) ?? 0
  for (const [depth, step] of path.entries()) {
    const pair = isMap(node) ? node.items.find((each) => keyOf(each) === String(step)) : undefined
    const next = isSeq(node) ? node.items[Number(step)] : pair?.value
    if (pair === undefined && next === undefined) return offset
    const isLast = depth === path.length - 1
    offset = (isLast && isKey ? undefined : startOf(next)) ?? startOf(pair?.key) ?? offset
    node = next
  }
  return offset
}

const keyOf = ({ key }: Pair): string => String(isScalar(key) ? key.value : key)

/** An empty node has a place, but nobody would look there. */
function startOf(node: unknown): number | undefined {
  if (!isNode(node) || (isScalar(node) && node.value === null)) return undefined
  return node.range?.[0]
}
