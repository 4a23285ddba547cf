/** A person at the keyboard: gets to things by Tab, and counts what a hand would have done. */
import assert from 'node:assert/strict'
import type { Locator, Page } from 'playwright-core'

/** How long a hand takes, in milliseconds. */
const KEY_MS = 120
const CLICK_MS = 1000
/** More than any way on these pages takes. */
const TABS_MAX = 40

export class Hand {
  #clicks = 0
  #keys = 0

  constructor(readonly page: Page) {}

  async click(target: Locator): Promise<void> {
    this.#clicks++
    await target.click()
  }

  /** Types where the focus is, or in a field that is clicked first. */
  async type(text: string, field?: Locator): Promise<void> {
    if (field) await this.click(field)
    this.#keys += text.length
    await this.page.keyboard.type(text)
  }

  async press(key: string): Promise<void> {
    this.#keys++
    await this.page.keyboard.press(key)
  }

  /** Presses Tab, or Shift+Tab, until the focus is there. */
  async tabTo(target: Locator, key: 'Tab' | 'Shift+Tab' = 'Tab'): Promise<void> {
    await target.waitFor()
    for (let tabs = 0; tabs < TABS_MAX; tabs++) {
      if (await this.isAt(target)) return
      await this.press(key)
    }
    assert.fail(`${target.toString()} is not reached with ${TABS_MAX} times ${key}`)
  }

  /** Whether the focus is there. */
  async isAt(target: Locator): Promise<boolean> {
    return (await target.and(this.page.locator(':focus')).count()) === 1
  }

  /** What a hand would have taken, in seconds, and of what. */
  get taken(): { readonly clicks: number; readonly keys: number; readonly seconds: number } {
    const seconds = (this.#clicks * CLICK_MS + this.#keys * KEY_MS) / 1000
    return { clicks: this.#clicks, keys: this.#keys, seconds }
  }
}
