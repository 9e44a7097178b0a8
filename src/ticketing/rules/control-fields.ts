/**
 * Fields by which a program that writes to a mailbox of its own says what is to become of its mail. Anybody can write
 * them: they are obeyed only in mailboxes that are set so.
 */
import { decodedField } from '../../message/header/decoded-field.ts'
import type { HeaderField } from '../../message/header/rule-fields.ts'
import { type Actions, PRIORITIES } from './shape.ts'

/** The first of each name. */
export function controlFields(header: readonly HeaderField[]): HeaderField[] {
  return Object.keys(CONTROL).flatMap((name) => header.find((field) => field.name === name) ?? [])
}

/** What cannot be read says nothing. */
export function controlActions(fields: readonly HeaderField[]): Actions[] {
  return fields.map(
    ({ name, value }) =>
      CONTROL[name]?.(
        decodedField(value)
          .replace(/\p{Cc}/gu, '')
          .trim(),
      ) ?? {},
  )
}

const CONTROL: Readonly<Record<string, (value: string) => Actions>> = {
  'x-mailchute-queue': (value) => (value === '' ? {} : { queue: value }),
  'x-mailchute-priority': (value) => {
    const priority = PRIORITIES.find((each) => each === value.toLowerCase())
    return priority === undefined ? {} : { priority }
  },
  'x-mailchute-tags': (value) => ({
    tags: value
      .split(',')
      .map((tag) => tag.trim())
      .filter((tag) => tag !== ''),
  }),
  'x-mailchute-assign': (value) => (value === '' ? {} : { assign: value }),
  'x-mailchute-suppress': (value) => (isYes(value) ? { suppress: true } : {}),
  'x-mailchute-hold': (value) => (isYes(value) ? { hold: true } : {}),
}

const isYes = (value: string) => /^(yes|true|on|1)$/i.test(value)
