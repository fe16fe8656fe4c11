/** A .slt file's integers: the container, then the latents by the model that it names. */

import { type Container, parseContainer } from "./bitstream/container.ts";
import { type Arrays, EntropyModel, fingerprint, type Latents } from "./entropy/model.ts";
import { ModelMismatchError } from "./errors.ts";

export class SltReader {
  private constructor(
    readonly model: EntropyModel,
    /** What files name this model by. */
    readonly fingerprint: string,
  ) {}

  /**
   * Takes the integers of a checkpoint.
   *
   * @throws CheckpointError: they are no whole entropy model.
   */
  static async create(arrays: Arrays): Promise<SltReader> {
    return new SltReader(new EntropyModel(arrays), await fingerprint(arrays));
  }

  /**
   * Returns what a file holds.
   *
   * @throws BitstreamError: the bytes are no sound .slt file.
   * @throws ModelMismatchError: the file needs another model.
   */
  read(data: Uint8Array): { container: Container; latents: Latents } {
    const container = parseContainer(data);
    if (container.model !== this.fingerprint) {
      throw new ModelMismatchError(
        `the file was made by model ${container.model}, this one is ${this.fingerprint}`,
      );
    }
    return { container, latents: this.model.decode(container) };
  }
}
