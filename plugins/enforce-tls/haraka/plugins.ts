/** What is asked of Haraka's registry of plugins. */
import type { HarakaPlugin, HarakaPlugins } from './types.js'

/**
 * The plugin whose hook runs before ours, or `null`.
 *
 * @throws {Error} when the order can't be had: Haraka does not list ours in that hook.
 */
export function runsBefore(plugin: HarakaPlugin, hook: string): string | null {
  const { registered_hooks } = plugin.haraka_require('plugins') as HarakaPlugins
  const names = (registered_hooks[hook] ?? []).map((entry) => entry.plugin)
  if (!names.includes(plugin.name)) throw new Error(`Haraka does not list ${plugin.name} in the hook ${hook}`)
  const [first] = names
  return first === undefined || first === plugin.name ? null : first
}

/** Whether a plugin is loaded. */
export function isLoaded(plugin: HarakaPlugin, name: string): boolean {
  return (plugin.haraka_require('plugins') as HarakaPlugins).plugin_list.includes(name)
}

/** The plugin that is of this name or inherits from it, or `null`. */
export function pluginOfKind(plugin: HarakaPlugin, name: string): string | null {
  const { registered_plugins } = plugin.haraka_require('plugins') as HarakaPlugins
  for (const [called, loaded] of Object.entries(registered_plugins))
    if (called === name || (loaded?.base && Object.hasOwn(loaded.base, name))) return called
  return null
}
