/**
 * A rule that somebody works on. Every change is saved by itself, one request at a time; what can't be saved stays,
 * with the reason, in the page and in the tab's memory, also when the page is left or the session ends.
 */
import {
  ApiError,
  asksAnew,
  formatError,
  lastChange,
  NOTHING_ASKED,
  part,
  request,
  type LastChange,
} from './api.js'
import type { Mistake } from './components/chips.js'
import { looksAtPublished } from './published-levels.js'
import { unsavedName, savedListeners, underWay, type UnsavedRule, type Mistakes } from './unsaved-rules.js'
import { applied, changes } from './rule-changes.js'
import { cleaned, newRule, same } from './rule-draft.js'
import { nameOfField, texts } from './texts.js'
import type { Action, Change, Criteria, Direction, Level, Rule, StoredRule } from './types.js'
import { keep, recall } from './unsaved.js'

export type SaveState = 'saved' | 'saving' | 'draft' | 'invalid' | 'failed' | 'conflict'
/** The same rule as somebody else left it, and who that was. */
export interface Conflict extends LastChange {
  readonly theirs: StoredRule | null
}

/** Some fields of a rule; `undefined` removes one. */
type Part<T> = { readonly [name in keyof T]?: T[name] | undefined }

/** What is changed by the switch and the order, and not by typing. */
const NOT_EDITED: ReadonlySet<string> = new Set(['enabled', 'position'])

export class RuleModel {
  /** As last seen in the store; `null` for a new rule. */
  base: StoredRule | null = null
  draft: Rule
  mistakes: Mistakes = {}
  state: SaveState = 'draft'
  /** Why it is not saved, and which field is to blame. */
  why: { readonly message: string; readonly field: string | null } | null = null
  conflict: Conflict | null = null
  /** Makes a change of a rule that is on, once it was asked about; `null` where it is not wanted. */
  confirm: (change: () => Change, make: (asked: string) => Promise<true>) => Promise<true | null> = (
    _,
    make,
  ) => make(NOTHING_ASKED)
  /** What is wrong with entries of the owner, as the answer to the last change says. */
  others: string | null = null
  restored = false
  /** Where something is typed, or being looked at, that is no part of the rule yet. */
  readonly #pending = new Set<string>()
  #saving = false
  #again = false
  #last: Action = { level: 'encrypt' }
  readonly listeners = new Set<() => void>()

  constructor(
    readonly owner: string,
    readonly direction: Direction,
    name: string,
  ) {
    this.draft = newRule(direction, name)
  }

  /** Reads a rule, and what was typed and not saved of it. */
  static async open(owner: string, direction: Direction, id: string | null): Promise<RuleModel> {
    const model = new RuleModel(owner, direction, '')
    if (id !== null) {
      const { body } = await request<StoredRule>('GET', rulePath(owner, id))
      model.#take(body)
    }
    const unsaved = recall(unsavedName(owner, direction, id)) as UnsavedRule | null
    if (unsaved !== null) {
      model.draft = unsaved.draft
      model.mistakes = unsaved.mistakes
      model.base = unsaved.base ?? model.base
      model.restored = id !== null
      void model.save()
    }
    return model
  }

  get id(): string | null {
    return this.base?.id ?? null
  }

  /** Changes a part of the rule, and saves. */
  change(next: Part<Rule>): void {
    this.type(next)
    void this.save()
  }

  /** Takes what is being typed, so that nothing that is drawn meanwhile takes it back; `change` saves it. */
  type(next: Part<Rule>): void {
    this.draft = { ...this.draft, ...next } as Rule
    this.#remember()
    this.#emit()
  }

  /** Tells of what is typed and can't be a part of the rule yet. */
  setPending(field: string, isPending: boolean): void {
    if (this.#pending.has(field) === isPending) return
    if (isPending) this.#pending.add(field)
    else this.#pending.delete(field)
    this.#emit()
  }

  /** Changes one list of a criterion, with the entries that are not taken. */
  changeList(key: string, criteria: Criteria, mistakes: readonly Mistake[]): void {
    this.mistakes = { ...this.mistakes, [key]: mistakes }
    this.change({ criteria })
  }

  changeAction(next: Part<Action>): void {
    const action = { ...this.action, ...next } as Action
    this.change({ actions: { relayWithTls: action } })
  }

  /** Sets the level; what belongs to another level is remembered in case it is chosen again. */
  changeLevel(level: Level): void {
    this.#last = { ...this.#last, ...this.action }
    const { names, fingerprints, otherwise, minVersion, onFailure, via, trust, requireOnward } = this.#last
    const none = level === 'none'
    const action: Action = {
      level,
      ...(minVersion === undefined || none ? {} : { minVersion }),
      ...(onFailure === undefined || none ? {} : { onFailure }),
      ...(trust === undefined || none ? {} : { trust }),
      ...(via === undefined || none ? {} : { via }),
      ...(requireOnward === undefined || none ? {} : { requireOnward }),
      ...(names === undefined || level !== 'secure' ? {} : { names }),
      ...(fingerprints === undefined || level !== 'fingerprint' ? {} : { fingerprints }),
      ...(otherwise === undefined || !looksAtPublished(level) ? {} : { otherwise }),
    }
    if (!none) this.#last = { ...this.#last, level }
    this.change({ actions: { relayWithTls: action } })
  }

  /** What the rule does; `null` where that was not chosen yet. */
  get action(): Action | null {
    return this.draft.actions.relayWithTls ?? null
  }

  /** Takes back what was chosen, of a rule that is off. */
  removeAction(): void {
    this.#last = { ...this.#last, ...this.action }
    this.change({ actions: {} })
  }

  /** The level before relay with TLS was switched off. */
  get lastLevel(): Level {
    const { level } = this.#last
    return level === 'none' ? 'encrypt' : level
  }

  /** How many entries are not taken. */
  get mistakeCount(): number {
    return Object.values(this.mistakes).reduce((sum, list) => sum + list.length, 0)
  }

  get isUnsaved(): boolean {
    return this.#pending.size > 0 || this.#isChanged
  }

  /** Whether it is another than the one in the store, or may be. */
  get #isChanged(): boolean {
    const { base, draft } = this
    if (this.state !== 'saved' || this.mistakeCount > 0) return true
    return base !== null && !same(cleaned(draft), base.rule)
  }

  /** Saves what is not saved. */
  async save(): Promise<void> {
    if (this.state === 'conflict') return this.#emit()
    if (this.#saving) {
      this.#again = true
      return
    }
    const rule = cleaned(this.draft)
    if (this.base !== null && same(rule, this.base.rule)) return this.#set('saved')
    if (Object.keys(rule.criteria).length === 0 && this.base === null) return this.#set('draft')
    this.#saving = true
    const name = unsavedName(this.owner, this.direction, this.id)
    underWay.add(name)
    this.#set('saving')
    try {
      await this.#sendAsked()
      // What was changed meanwhile is not saved yet, and must not be shown as saved.
      if (!this.#again) this.#set('saved')
    } catch (error) {
      await this.#failed(error)
    } finally {
      this.#saving = false
      underWay.delete(name)
      for (const listener of savedListeners) listener()
    }
    if (!this.#again) return
    this.#again = false
    await this.save()
  }

  /** Goes on with what is in the store, and forgets one's own change. */
  takeTheirs(): void {
    const theirs = this.conflict?.theirs ?? null
    this.conflict = null
    this.mistakes = {}
    if (theirs !== null) this.#take(theirs)
    this.#set('saved')
  }

  /** Puts one's own change onto what is in the store. */
  applyMine(): Promise<void> {
    const { conflict, base } = this
    if (conflict?.theirs) {
      if (base !== null) this.draft = applied(base.rule, cleaned(this.draft), conflict.theirs.rule)
      this.base = conflict.theirs
    }
    this.conflict = null
    this.state = 'saving'
    return this.save()
  }

  /** Switches the rule on or off. @throws {ApiError} */
  async setEnabled(enabled: boolean, asked: string): Promise<true> {
    if (this.base === null) return true
    const path = `${rulePath(this.owner, this.base.id)}/enabled`
    const { body } = await request<StoredRule>('POST', path, { enabled }, this.base.etag, asked)
    this.#changed(body)
    this.draft = { ...this.draft, enabled: body.rule.enabled }
    this.#emit()
    return true
  }

  /** Shows the rule as somebody else left it. */
  async lookAtConflict(): Promise<void> {
    await this.#findConflict()
  }

  #take(stored: StoredRule): void {
    this.base = stored
    this.draft = stored.rule
    this.state = 'saved'
    if (stored.problem === null) this.#last = { ...this.#last, ...stored.rule.actions.relayWithTls }
  }

  /** Others may have switched on what was off when it was looked at: then it is asked about, too. */
  async #sendAsked(): Promise<void> {
    try {
      if (this.base?.rule.enabled !== true) {
        await this.#send(NOTHING_ASKED)
        return
      }
    } catch (error) {
      if (!asksAnew(error)) throw error
    }
    const change = (): Change => ({ owner: this.owner, id: this.id ?? '', rule: cleaned(this.draft) })
    const sent = await this.confirm(change, (asked) => this.#send(asked))
    if (sent === null && this.base !== null) this.#drop(this.base)
  }

  /** Forgets a change that is not wanted after all. */
  #drop(base: StoredRule): void {
    this.mistakes = {}
    this.draft = base.rule
  }

  /** A rule that was only switched or moved meanwhile is still the one that was worked on. */
  async #send(asked: string): Promise<true> {
    try {
      await this.#write(asked)
    } catch (error) {
      const { base } = this
      const isStale = error instanceof ApiError && error.status === 412 && !asksAnew(error)
      if (base === null || !isStale) throw error
      const { body: theirs } = await request<StoredRule>('GET', rulePath(this.owner, base.id))
      const others = changes(base.rule, theirs.rule).filter(({ path }) => !NOT_EDITED.has(path))
      if (theirs.problem !== null || others.length > 0) throw error
      this.draft = applied(base.rule, cleaned(this.draft), theirs.rule)
      this.base = theirs
      await this.#write(asked)
    }
    return true
  }

  async #write(asked: string): Promise<void> {
    const { base } = this
    const rule = cleaned(this.draft)
    const answer =
      base === null
        ? await request<StoredRule>('POST', `owners/${part(this.owner)}/rules`, { rule }, null, asked)
        : await request<StoredRule>('PUT', rulePath(this.owner, base.id), { rule }, base.etag, asked)
    if (base === null) keep(unsavedName(this.owner, this.direction, null), null)
    this.#changed({ ...answer.body, etag: answer.etag === '' ? answer.body.etag : answer.etag })
    const { enabled, position } = answer.body.rule
    this.draft = { ...this.draft, enabled, ...(position === undefined ? {} : { position }) }
  }

  /** Only a valid rule can be changed, so what is wrong then is wrong with others. */
  #changed(stored: StoredRule): void {
    this.others = stored.problem
    this.base = { ...stored, problem: null }
  }

  async #failed(error: unknown): Promise<void> {
    const field = error instanceof ApiError ? error.field : null
    this.why = { message: withLabel(formatError(error)), field }
    if (!(error instanceof ApiError)) return this.#set('failed')
    if (error.status === 412 || error.status === 404) {
      await this.#findConflict().catch((other: unknown) => {
        this.why = { message: formatError(other), field: null }
        this.#set('failed')
      })
      return
    }
    this.#set(error.status === 422 ? 'invalid' : 'failed')
  }

  async #findConflict(): Promise<void> {
    const { base } = this
    if (base === null) return this.#set('failed')
    const path = rulePath(this.owner, base.id)
    const [theirs, change] = await Promise.all([
      request<StoredRule>('GET', path)
        .then(({ body }) => body)
        .catch(nullForMissing),
      lastChange(`owner=${part(this.owner)}`, ({ field }) => field === base.id),
    ])
    this.conflict = { theirs, ...change }
    this.#set('conflict')
  }

  #set(state: SaveState): void {
    this.state = state
    if (state === 'saved' || state === 'draft') this.why = null
    this.#remember()
    this.#emit()
  }

  /** Keeps what is not saved, or forgets it. */
  #remember(): void {
    const { owner, direction, draft, mistakes, base } = this
    const name = unsavedName(owner, direction, this.id)
    keep(name, this.#isChanged ? ({ draft, mistakes, base } satisfies UnsavedRule) : null)
  }

  #emit(): void {
    for (const listener of this.listeners) listener()
  }
}

/** Where a rule is in the API. */
export function rulePath(owner: string, id: string): string {
  return `owners/${part(owner)}/rules/${part(id)}`
}

function nullForMissing(error: unknown): null {
  if (error instanceof ApiError && error.status === 404) return null
  throw error
}

/** Whether all is saved, as a sentence. */
export function formatSaveState(model: RuleModel): string {
  const { state, why, mistakeCount } = model
  const reason = why?.message ?? ''
  const main = {
    saved: mistakeCount > 0 ? '' : model.isUnsaved ? texts.save.typed : texts.save.saved,
    saving: texts.save.saving,
    draft: texts.save.draft,
    invalid: texts.save.invalid(reason),
    failed: texts.save.failed(reason),
    conflict: texts.conflict.title,
  }[state]
  return mistakeCount > 0 ? `${texts.save.mistakes(mistakeCount)} ${main}`.trim() : main
}

/** A problem of a field with the field's label in place of its path. */
function withLabel(message: string): string {
  return message.replace(/^field ([\w.]+)(?:\[\d+\])*: /, (_, path: string) => `${nameOfField(path)}: `)
}
