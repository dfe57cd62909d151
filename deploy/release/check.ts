/**
 * Whether the tree may be released as a tag: `node deploy/release/check.ts v0.1.0 [notes.md]`. The version of
 * package.json and its lock file, the image in Compose and the first heading of CHANGELOG.md must be the tag's, and the
 * repository that npm's provenance names must be the one that runs this. Writes the notes of that version.
 */
import fs from 'node:fs'
import path from 'node:path'
import { fileURLToPath } from 'node:url'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))

export interface Tree {
  packageJson: { version: string; private?: boolean; repository?: { url?: string } }
  lock: { version: string }
  changelog: string
  compose: string
}

export function readTree(root = ROOT): Tree {
  const read = (file: string) => fs.readFileSync(path.join(root, file), 'utf8')
  return {
    packageJson: JSON.parse(read('package.json')),
    lock: JSON.parse(read('package-lock.json')),
    changelog: read('CHANGELOG.md'),
    compose: read('deploy/compose.yaml'),
  }
}

/** The text below the first heading of a changelog, and the version that the heading names. */
export function latestNotes(changelog: string): { version: string; notes: string } {
  const [, version = '', notes = ''] = /^## (\S+)[^\n]*\n(.*?)(?=^## |(?![\s\S]))/ms.exec(changelog) ?? []
  return { version, notes: notes.trim() }
}

/** What stands against the release, a sentence each; empty if nothing does. `repository`: owner/name, if known. */
export function obstacles(tag: string, tree: Tree, repository?: string): string[] {
  const version = /^v(\d+\.\d+\.\d+(?:-[\w.]+)?)$/.exec(tag)?.[1]
  if (version === undefined) return [`the tag ${tag} is not v<major>.<minor>.<patch>`]
  const { packageJson, lock, changelog, compose } = tree
  const latest = latestNotes(changelog)
  const image = /:-tickhouse:([\w.-]+)\}/.exec(compose)?.[1]
  const found: string[] = []
  if (packageJson.version !== version)
    found.push(`package.json has version ${packageJson.version}: npm version ${version} --no-git-tag-version`)
  if (lock.version !== version)
    found.push(`package-lock.json has version ${lock.version}: npm install --package-lock-only`)
  if (packageJson.private) found.push('package.json is private: npm would not publish it')
  if (latest.version !== version)
    found.push(`the first heading of CHANGELOG.md is "${latest.version}": write "## ${version}"`)
  else if (latest.notes === '') found.push(`CHANGELOG.md states nothing about ${version}`)
  if (image !== version) found.push(`deploy/compose.yaml runs tickhouse:${image}: write the version there`)
  if (repository !== undefined && !packageJson.repository?.url?.includes(`github.com/${repository}`))
    found.push(`package.json names no repository github.com/${repository}, which npm compares with the provenance`)
  return found
}

if (import.meta.main) {
  const [tag = '', notesFile] = process.argv.slice(2)
  const tree = readTree()
  const found = obstacles(tag, tree, process.env.GITHUB_REPOSITORY)
  for (const line of found) console.error(line)
  if (found.length > 0) process.exit(1)
  if (notesFile) fs.writeFileSync(notesFile, `${latestNotes(tree.changelog).notes}\n`)
  console.log(`${tag} may be released`)
}
