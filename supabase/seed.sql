-- The demo catalogue. Prices of a picture at the provider change: see each model's page before
-- selling.

insert into public.generation_types (type_key, title, description, cost_credits, face)
values
('thumbnail', 'Thumbnail', 'A 1280×720 picture, with your face if you like.', 10, 'optional'),
('thumbnail_premium', 'Premium thumbnail', 'The best lettering and likeness.', 30, 'optional'),
('thumbnail_draft', 'Draft', 'Fast and cheap, without a face.', 2, 'none')
on conflict (type_key) do nothing;

insert into private.generation_models (
    type_key, model, input_template, prompt_field, face_field, face_is_list
)
values
(
    'thumbnail', 'google/nano-banana-2',
    '{"aspect_ratio": "16:9", "resolution": "1K", "output_format": "png"}',
    'prompt', 'image_input', true
),
(
    'thumbnail_premium', 'google/nano-banana-pro',
    '{"aspect_ratio": "16:9", "resolution": "2K", "output_format": "png"}',
    'prompt', 'image_input', true
),
(
    'thumbnail_draft', 'black-forest-labs/flux-schnell',
    '{"aspect_ratio": "16:9", "output_format": "png"}',
    'prompt', null, false
)
on conflict (type_key) do nothing;
