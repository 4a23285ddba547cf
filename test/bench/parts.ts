/** The parts of the benchmark, in their order. */
import type { BenchPart } from './bench-part.js'
import { changeToEffect } from './change-to-effect.js'
import { decisions } from './decisions.js'
import { delivery } from './delivery.js'
import { scraping } from './scraping.js'
import { startUp } from './start-up.js'

export const PARTS: readonly BenchPart[] = [decisions, delivery, changeToEffect, startUp, scraping]
