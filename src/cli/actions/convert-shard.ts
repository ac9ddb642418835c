import { isItemFailure } from 'recordpipe/errors';
import type { DoneFile } from 'recordpipe/scale';
import { convertFile, type TransformOptions } from 'recordpipe/transform';
import { errorText } from '../advice.ts';
import { outputsIn } from '../convert-outputs.ts';
import { complain } from '../output.ts';
import { shardFiles } from '../shard-files.ts';
import type { ShardCommandOptions } from '../shard-options.ts';
import { settingsOf } from '../shard-settings.ts';
import { byteSource } from '../source.ts';
import { formatNumberOf } from '../text/sizes.ts';
import type { TransformCommandOptions } from '../transform-options.ts';
import { transforming } from '../transform-run.ts';

/** Converts the files of a shard, each into an output of its own; the exit code. A file that cannot be converted keeps no other from it. */
export async function convertShard(
  folder: string,
  inputs: string[],
  options: TransformCommandOptions & ShardCommandOptions,
): Promise<number> {
  const { from, to, outputCompression, level } = options;
  const shard = await shardFiles(
    {
      command: 'convert',
      inputs,
      format: options.format,
      parts: false,
      settings: {
        ...settingsOf(options),
        from,
        to,
        outputCompression,
        level,
        escape: options.escape,
        folder,
      },
    },
    options,
  );
  const files = shard.files.map(({ uri }) => uri);
  // Of all shards, so that no two of them write the same file.
  const all = shard.all.map(({ uri }) => uri);
  const names = await outputsIn(folder, all, options);
  const outputs = new Map(all.map((uri, i) => [uri, names[i]]));
  let exitCode = 0;
  return transforming(options, {
    verb: 'convert',
    output: folder,
    work: async (common) => {
      const done: DoneFile[] = [];
      for (const uri of files) done.push(await converted(uri, outputs.get(uri)!, common, shard.check));
      exitCode = await shard.end(done);
      return done;
    },
    summary: (done) => {
      const bad = done.filter(({ error }) => error !== undefined).length;
      return `${formatNumberOf(done.length - bad, 'file')} converted${bad > 0 ? `, ${bad} not` : ''}`;
    },
    exitCode: () => exitCode,
  });
}

async function converted(
  uri: string,
  output: string,
  common: Partial<TransformOptions>,
  check: (uri: string) => Promise<void>,
): Promise<DoneFile> {
  try {
    await check(uri);
    const { output: written } = await convertFile(byteSource(uri).source, output, common);
    return { uri, output, records: written.records, bytes: written.bytes };
  } catch (error) {
    if (!isItemFailure(error)) throw error;
    complain(errorText(error));
    return { uri, error: { code: error.code, message: error.message } };
  }
}
