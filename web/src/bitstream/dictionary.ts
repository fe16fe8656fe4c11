/** The preset dictionary that captions are deflated with: a constant of the format. */

// Its bytes are fixed by docs/format.md: any change makes every stored caption unreadable.
const TEXT =
  " running through laptop computer the foreground person holding a skateboard image there wo" +
  "man wearing a motorcycle tennis ball traffic light sandy beach baseball player fire hydran" +
  "t stuffed bear white plate is running through the the camera grassy field sitting down sit" +
  "ting at room with man holding couple of standing next little girl little boy young boy flo" +
  "wers. with his plate of baseball bat living room laying on parking meter toothbrushes back" +
  "ground. scissors woman in different a yellow children the side sitting next through a see " +
  "the the street there are a tennis giraffe is standing the image with the mountain umbrella" +
  " outside is holding the snow keyboard girl in a green a small looking at beach. glasses th" +
  "at isA brown black dog kitchen with teddy bear brown dog black and together around a ridin" +
  "g street. we can building pictureA black standing in is sitting the grass beside a kitchen" +
  " a large jumping toilet a baseball the water water. sitting in another man is a red down a" +
  " bench standing on a field theirA girl covered filled with wooden there isA person of food" +
  " man in white dog grass. table withA little road the backgroundA young train of people on " +
  "top field. shirt other near a standsA group walking mirror trees station at the dog isA wh" +
  "ite wearing a bathroom behindA boy parked desk sign playing dogs over a white is a can see" +
  " top of eating of the from group of a blue while sinkA dog and whiteA woman wall in front " +
  "a table front of sitting on some holding a at a to a and a on theA man next to of a with a" +
  " in the in a on a";

export const CAPTION_DICTIONARY = new TextEncoder().encode(TEXT);
