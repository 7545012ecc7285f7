/** A dump, an archive or an image that cannot be read: one sentence about what is wrong with it. */
export class ImageError extends Error {
  override readonly name = "ImageError";
}
