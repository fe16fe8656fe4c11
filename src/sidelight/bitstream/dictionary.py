"""The preset dictionary that captions are deflated with: a constant of the format."""

# Frequent words and phrases of photo captions, joined without separators. Deflate copies from
# here into a caption, and near copies cost fewer bits, so the most common phrases come last. Its
# bytes are fixed by docs/format.md: any change makes every stored caption unreadable.
CAPTION_DICTIONARY = (
    b" running through laptop computer the foreground person holding a skateboard image there"
    b" woman wearing a motorcycle tennis ball traffic light sandy beach baseball player fire"
    b" hydrant stuffed bear white plate is running through the the camera grassy field sitting"
    b" down sitting at room with man holding couple of standing next little girl little boy"
    b" young boy flowers. with his plate of baseball bat living room laying on parking meter"
    b" toothbrushes background. scissors woman in different a yellow children the side sitting"
    b" next through a see the the street there are a tennis giraffe is standing the image with"
    b" the mountain umbrella outside is holding the snow keyboard girl in a green a small"
    b" looking at beach. glasses that isA brown black dog kitchen with teddy bear brown dog"
    b" black and together around a riding street. we can building pictureA black standing in is"
    b" sitting the grass beside a kitchen a large jumping toilet a baseball the water water."
    b" sitting in another man is a red down a bench standing on a field theirA girl covered"
    b" filled with wooden there isA person of food man in white dog grass. table withA little"
    b" road the backgroundA young train of people on top field. shirt other near a standsA"
    b" group walking mirror trees station at the dog isA white wearing a bathroom behindA boy"
    b" parked desk sign playing dogs over a white is a can see top of eating of the from group"
    b" of a blue while sinkA dog and whiteA woman wall in front a table front of sitting on"
    b" some holding a at a to a and a on theA man next to of a with a in the in a on a"
)
