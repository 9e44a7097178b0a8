import type { World } from './world.ts'

/** One line of the table, measured several times. */
export interface Row {
  readonly group: Group
  readonly what: string
  readonly unit: 'mails/s' | 'ms CPU' | 'round trips' | 'events/s' | 'ms'
  readonly goal?: { readonly atLeast: number } | { readonly atMost: number }
  /** A later, higher aim; told, not judged. */
  readonly aim?: number
  /** The row it is compared with: the ratio is that one's figure divided by this one's. */
  readonly comparedWith?: string
  /** Why it cannot be measured here; null: it can. */
  readonly missing?: string | null
  measure(world: World): Promise<Measured>
}

export const GROUPS = ['intake', 'drain', 'peers', 'slow', 'idle', 'audit', 'console', 'stages', 'understand'] as const
export type Group = (typeof GROUPS)[number]

export interface Measured {
  /** In the row's unit. */
  readonly figure: number
  readonly note?: string
}

export function median(figures: readonly number[]): number {
  const sorted = figures.toSorted((one, other) => one - other)
  const middle = Math.floor(sorted.length / 2)
  const [low = Number.NaN, high = low] =
    sorted.length % 2 === 1 ? [sorted[middle]] : [sorted[middle - 1], sorted[middle]]
  return (low + high) / 2
}
