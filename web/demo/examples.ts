/** The pictures that come with the page, those of the repository's folder `examples/article`. */

export interface Example {
  readonly file: string;
  readonly caption: string;
}

export const EXAMPLES: readonly Example[] = [
  {
    file: "coffee.jpg",
    caption: "A cup of espresso on a red saucer with a silver spoon stands on a wooden table.",
  },
  {
    file: "cat.jpg",
    caption: "The face of a ginger tabby cat that looks past the camera.",
  },
  {
    file: "astronaut.jpg",
    caption:
      "A smiling astronaut in an orange suit in front of a flag and a model of the space shuttle.",
  },
  { file: "rocket.jpg", caption: "A rocket on its launch pad before dawn." },
];
